"""docs/reference/close-codes.md, from the table the server closes by."""

from cgraph_kit.channels.closecodes import CloseCode

_INTRODUCTION = """# Close codes

With which codes WebSocket connections are closed, and what that asks of the client. Codes up to 1015 are those of
RFC 6455; 4000 to 4007 are final, 4008 to 4099 ask to come back and resume.
"""


def text() -> str:
    """The page."""
    rows = [
        f"| {int(code)} | `{code.name.lower()}` | {code.meaning} | {code.advice.value} |"
        for code in CloseCode
    ]
    head = ["| code | name | meaning | the client should |", "|---|---|---|---|"]
    return "\n".join([_INTRODUCTION, *head, *rows]) + "\n"
