"""Every route on one page."""

from collections.abc import Sequence

from . import docs, health, metrics
from .action import Route, delete, get, patch, post, put, under
from .api import (
    auth,
    blocks,
    conversations,
    events,
    me,
    messages,
    notification_preferences,
    participants,
    pins,
    quiet_hours,
    scheduled_messages,
    sessions,
    unread,
    users,
)

ROUTES: tuple[Route, ...] = (
    get("/health", health.live),
    get("/ready", health.ready),
    get("/metrics", metrics.scrape),
    *under(
        "/api",
        get("/openapi.json", docs.openapi),
        get("/docs", docs.page),
        get("/docs/start.js", docs.start),
        get("/docs/scalar.js", docs.scalar),
    ),
    *under(
        "/api/v1",
        post("/auth/register", auth.register),
        post("/auth/login", auth.login),
        post("/auth/refresh", auth.refresh),
        post("/auth/logout", auth.logout),
        post("/auth/password/forgot", auth.forgot_password),
        post("/auth/password/reset", auth.reset_password),
        get("/me", me.show),
        patch("/me", me.update),
        put("/me/password", me.change_password),
        post("/me/deactivate", me.deactivate),
        get("/me/sessions", sessions.index),
        delete("/me/sessions", sessions.revoke_others),
        patch("/me/sessions/{session_id}", sessions.rename),
        delete("/me/sessions/{session_id}", sessions.revoke),
        get("/me/blocks", blocks.index),
        put("/me/blocks/{user_id}", blocks.create),
        delete("/me/blocks/{user_id}", blocks.remove),
        get("/me/events", events.own),
        get("/me/unread", unread.index),
        *under(
            "/me/notification-preferences",
            get("", notification_preferences.show),
            put("", notification_preferences.replace),
            patch("", notification_preferences.update),
            get("/places", notification_preferences.index),
            get("/resolve", notification_preferences.resolve),
            get("/{scope}/{scope_id}", notification_preferences.show_place),
            put("/{scope}/{scope_id}", notification_preferences.replace_place),
            patch("/{scope}/{scope_id}", notification_preferences.update_place),
            delete("/{scope}/{scope_id}", notification_preferences.remove_place),
        ),
        get("/me/quiet-hours", quiet_hours.show),
        put("/me/quiet-hours", quiet_hours.replace),
        get("/me/scheduled-messages", scheduled_messages.index),
        get("/me/scheduled-messages/{scheduled_message_id}", scheduled_messages.show),
        patch("/me/scheduled-messages/{scheduled_message_id}", scheduled_messages.update),
        delete("/me/scheduled-messages/{scheduled_message_id}", scheduled_messages.cancel),
        post("/me/scheduled-messages/{scheduled_message_id}/send", scheduled_messages.send),
        get("/users", users.index),
        get("/users/{user_id}", users.show),
        get("/conversations", conversations.index),
        post("/conversations", conversations.create),
        *under(
            "/conversations/{conversation_id}",
            get("", conversations.show),
            patch("", conversations.update),
            post("/leave", conversations.leave),
            patch("/settings", conversations.configure),
            get("/participants", participants.index),
            post("/participants", participants.add),
            delete("/participants/{user_id}", participants.remove),
            get("/messages", messages.index),
            post("/messages", messages.create),
            get("/messages/{message_id}", messages.show),
            patch("/messages/{message_id}", messages.update),
            delete("/messages/{message_id}", messages.remove),
            get("/messages/{message_id}/edits", messages.edits),
            put("/messages/{message_id}/reactions/{emoji}", messages.react),
            delete("/messages/{message_id}/reactions/{emoji}", messages.unreact),
            post("/scheduled-messages", scheduled_messages.create),
            get("/pins", pins.index),
            put("/pins/{message_id}", pins.pin),
            delete("/pins/{message_id}", pins.unpin),
            get("/unread", unread.show),
            post("/unread", unread.mark),
            post("/read", unread.read),
            post("/delivered", unread.delivered),
            get("/events", events.conversation),
        ),
    ),
)


def table(routes: Sequence[Route] = ROUTES) -> list[tuple[str, str, str, bool, str]]:
    """Method, path, operation id, whether it is public, and summary of every route, in the order of this page."""
    return [
        (route.method, route.path, route.action.name, route.action.public, route.action.summary)
        for route in routes
    ]
