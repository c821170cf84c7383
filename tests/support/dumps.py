"""Dumps of other forums, made up for tests in the layouts those publish."""

import gzip
import io
import tarfile
from pathlib import Path

from .exports import copied

DAY = "2020-05-01 "


def discourse(path: Path, prefix: str) -> Path:
    """A backup of Discourse: three people, a category in another, two topics, a private message, a deleted post."""
    blocks = [
        copied(
            "users",
            "id username created_at name seen_notification_id active admin moderator",
            (-1, f"{prefix}system", DAY + "00:00:00", "system", 0, True, True, True),
            (1, f"{prefix}Ann", DAY + "08:00:00", "Ann Lee", 0, True, True, False),
            (2, f"{prefix}bob", DAY + "08:01:00", None, 0, True, False, False),
            (3, f"{prefix}cara", DAY + "08:02:00", "Cara", 0, False, False, False),
        ),
        copied(
            "user_emails",
            'id user_id email "primary"',
            (1, 1, f"{prefix}ann@example.org", True),
            (2, 1, f"{prefix}old@example.org", False),
        ),
        copied(
            "categories",
            "id name color topic_id created_at user_id slug description read_restricted parent_category_id",
            (5, "Socks", "fff", None, DAY + "09:00:00", 1, "socks", None, False, 4),
            (4, f"Knitting {prefix}", "fff", None, DAY + "09:00:00", 1, "knitting", "<p>Yarn</p>", False, None),
            (6, "Staff", "fff", None, DAY + "09:00:00", -1, "staff", None, True, None),
        ),
        copied(
            "category_users",
            "id category_id user_id notification_level",
            (1, 4, 2, 3),
            (2, 4, 3, 1),
        ),
        copied(
            "topics",
            "id title created_at user_id category_id archetype deleted_at closed pinned_at visible",
            (10, "Which wool?", DAY + "10:00:00", 1, 4, "regular", None, True, DAY + "11:00:00", True),
            (11, "Gone", DAY + "10:00:00", 1, 4, "regular", DAY + "11:00:00", False, None, True),
            (12, "Psst", DAY + "12:00:00", 2, None, "private_message", None, False, None, True),
        ),
        copied("topic_allowed_users", "id user_id topic_id", (1, 1, 12), (2, 2, 12)),
        copied(
            "posts",
            "id user_id topic_id post_number raw cooked created_at reply_to_post_number deleted_at post_type"
            " version last_version_at",
            (100, 1, 10, 1, f"Ask @{prefix}bob,\nplease", "<p>", DAY + "10:00:00.123", None, None, 1, 1, DAY),
            (101, 2, 10, 2, f'[quote="{prefix}Ann, post:1, topic:10"]\nAsk\n[/quote]\nMerino', "<p>",
             DAY + "10:01:00", None, None, 1, 2, DAY + "10:09:00"),
            (102, 3, 10, 3, "rude", "<p>", DAY + "10:02:00", 2, DAY + "10:05:00", 1, 1, DAY),
            (103, 1, 10, 4, "Thanks ![x](upload://abc.png)", "<p>", DAY + "10:03:00", 3, None, 1, 1, DAY),
            (104, -1, 10, 5, "closed", "<p>", DAY + "10:04:00", None, None, 3, 1, DAY),
            (110, 1, 11, 1, "nothing", "<p>", DAY + "10:00:00", None, None, 1, 1, DAY),
            (120, 2, 12, 1, "are you there?", "<p>", DAY + "12:00:00", None, None, 1, 1, DAY),
            (121, 1, 12, 2, "yes", "<p>", DAY + "12:01:00", 1, None, 1, 1, DAY),
        ),
        copied(
            "post_actions",
            "id post_id user_id post_action_type_id deleted_at created_at",
            (1, 100, 2, 2, None, DAY + "10:10:00"),
            (2, 100, 3, 2, DAY + "10:11:00", DAY + "10:10:00"),
            (3, 101, 1, 2, None, DAY + "10:10:00"),
            (4, 101, 3, 3, None, DAY + "10:10:00"),
            (5, 121, 2, 2, None, DAY + "12:10:00"),
        ),
    ]  # fmt: skip
    dump = gzip.compress(("--\n-- PostgreSQL database dump\n--\n\n" + "".join(blocks)).encode())
    with tarfile.open(path, "w:gz") as archive:
        for name, data in (("./dump.sql.gz", dump), ("./uploads/default/x.png", b"png")):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def lemmy(path: Path, prefix: str) -> Path:
    """A dump of Lemmy 0.19: three people, two communities, two posts with a tree, votes both ways, a private message."""
    blocks = [
        copied(
            "person",
            "id name display_name avatar banned published actor_id local deleted",
            (1, f"{prefix}ann", "Ann", None, False, DAY + "08:00:00+00", "https://a.example/u/ann", True, False),
            (2, f"{prefix}bob", None, None, False, DAY + "08:00:00+00", "https://a.example/u/bob", True, False),
            (3, f"{prefix}far", None, None, False, DAY + "08:00:00+00", "https://b.example/u/far", False, True),
        ),
        copied("local_user", "id person_id email", (1, 1, f"{prefix}ann@example.org"), (2, 2, None)),
        copied(
            "community",
            "id name title description removed published deleted nsfw local posting_restricted_to_mods visibility",
            (7, f"yarn_{prefix}", "Yarn", "All about *yarn*", False, DAY + "09:00:00+00", False, False, True, False,
             "Public"),
            (8, f"old_{prefix}", "Old", None, True, DAY + "09:00:00+00", False, False, True, True, "LocalOnly"),
        ),
        copied(
            "community_moderator",
            "community_id person_id published",
            (7, 2, DAY + "09:30:00+00"),
            (7, 1, DAY + "09:00:00+00"),
        ),
        copied(
            "community_follower",
            "community_id person_id published pending",
            (7, 1, DAY + "09:00:00+00", False),
            (7, 3, DAY + "09:10:00+00", False),
        ),
        copied(
            "post",
            "id name url body creator_id community_id removed locked published updated deleted nsfw"
            " featured_community",
            (20, "Merino", "https://wool.example/merino", "Soft", 1, 7, False, True, DAY + "10:00:00+00", None, False,
             False, True),
            (21, "Spam", None, "buy", 3, 7, True, False, DAY + "11:00:00+00", None, False, False, False),
        ),
        copied(
            "comment",
            "id creator_id post_id content removed published updated deleted path",
            (30, 2, 20, "Itchy", False, DAY + "10:01:00+00", None, False, "0.30"),
            (31, 1, 20, "Not at all", False, DAY + "10:02:00+00", DAY + "10:03:00+00", False, "0.30.31"),
            (32, 3, 20, "", False, DAY + "10:04:00+00", DAY + "10:05:00+00", True, "0.32"),
            (33, 2, 20, "rude", True, DAY + "10:06:00+00", None, False, "0.30.31.33"),
        ),
        copied(
            "post_like",
            "post_id person_id score published",
            (20, 1, 1, DAY + "10:00:00+00"),
            (20, 2, 1, DAY + "10:10:00+00"),
            (20, 3, -1, DAY + "10:10:00+00"),
        ),
        copied(
            "comment_like",
            "person_id comment_id post_id score published",
            (2, 30, 20, 1, DAY + "10:01:00+00"),
            (1, 30, 20, -1, DAY + "10:10:00+00"),
            (3, 31, 20, 1, DAY + "10:10:00+00"),
        ),
        copied(
            "private_message",
            "id creator_id recipient_id content deleted read published updated",
            (40, 2, 1, "hello", False, True, DAY + "12:00:00+00", None),
            (41, 1, 2, "hi", False, True, DAY + "12:01:00+00", None),
        ),
    ]  # fmt: skip
    path.write_bytes(gzip.compress("".join(blocks).encode()))
    return path
