"""What an e-mail address may be."""

import re

MAX_LENGTH = 254
"""RFC 5321 §4.5.3.1.3, less the angle brackets."""

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"(?=[^@]{{1,64}}@)(?!.*=\?){_ATEXT}(?:\.{_ATEXT})*@(?:{_LABEL}\.)+(?!\d+$){_LABEL}"
)


def problems(email: str) -> list[str]:
    """Why this is no address mail could be sent to; empty: it could be one.

    A dot-atom at a domain name (RFC 5321 §4.1.2), without what nobody's mailbox uses: quotes, comments, bare hosts and
    address literals. ASCII: an international domain is given in its `xn--` form. `=?` begins an encoded word (RFC 2047), which
    mail programs may read as another address.
    """
    if len(email) > MAX_LENGTH:
        return [f"must have at most {MAX_LENGTH} characters"]
    return [] if _ADDRESS.fullmatch(email) else ["is not an e-mail address"]
