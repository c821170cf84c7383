"""Every knob, its type, its default and one line of doc.

Read once by the command (`configuration`) from the environment and an optional TOML file (`CGRAPH_CONFIG`); nothing else
reads the environment. Seven settings keep the plain names operators know (DATABASE_URL, PORT …); every other one is
`CGRAPH_` and its name in capitals.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from cgraph_kit.mailer import parse_sender, parse_server
from cgraph_kit.media import Scanner
from cgraph_kit.opensearch import parse_cluster

from .setting_kinds import CheckOrigin, Count, Most, Network, Port, Rate, Seconds, Store, WebAddress

PREFIX = "CGRAPH_"
PLAIN_NAMES = (
    "DATABASE_URL",
    "SECRET_KEY_BASE",
    "JWT_SECRET",
    "PHX_HOST",
    "PORT",
    "POOL_SIZE",
    "VALKEY_URL",
)


class SettingsError(Exception):
    """The settings cannot be used; the message lists every reason."""


def _plain(name: str, default: Any, doc: str) -> Any:
    return Field(default, validation_alias=AliasChoices(name, name.lower()), description=doc)


def _knob(default: Any, doc: str) -> Any:
    return Field(default, description=doc)


class _Environment(EnvSettingsSource):
    """What should be JSON and is not is handed on as it stands: validation says so, of all settings at once."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


class Settings(BaseSettings):
    """The configuration of one node."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", populate_by_name=True
    )

    # -- where things are
    env: Literal["dev", "prod", "test"] = _knob(
        "dev", "dev makes its own secrets; prod demands them."
    )
    host: str = _knob("127.0.0.1", "Address to listen on.")
    port: Port = _plain("PORT", 4000, "Port of HTTP and WebSocket; 0 takes a free one.")
    phx_host: str = _plain(
        "PHX_HOST", "localhost", "Public host name, for links and origin checks."
    )
    public_url: WebAddress | None = _knob(
        None, "Public base address, if not http(s)://PHX_HOST[:PORT]; used in links."
    )
    data_dir: Path = _knob(
        Path("data"),
        "Directory of everything a node keeps: embedded database, mail files, secrets.",
    )
    database_url: str | None = _plain(
        "DATABASE_URL", None, "PostgreSQL ≥ 16 to use; unset: the embedded server."
    )
    direct_database_url: str | None = _knob(
        None, "Direct address for migrations where DATABASE_URL is a transaction pooler."
    )
    pool_size: Count = _plain("POOL_SIZE", 10, "Connections to PostgreSQL per process.")
    statement_timeout: Seconds = _knob(30.0, "Seconds after which PostgreSQL ends a statement.")
    valkey_url: str | None = _plain(
        "VALKEY_URL", None, "Valkey for several nodes; unset: this node is alone."
    )

    # -- secrets
    secret_key_base: SecretStr | None = _plain(
        "SECRET_KEY_BASE", None, "≥ 32 characters; signs what is not a token. Required in prod."
    )
    jwt_secret: SecretStr | None = _plain(
        "JWT_SECRET", None, "≥ 32 characters; signs access tokens. Required in prod."
    )
    jwt_key_id: str = _knob("1", "Key id (`kid`) of JWT_SECRET.")
    jwt_old_secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='Keys still accepted while rotating, as JSON: {"kid": "secret"}.',
    )

    # -- accounts
    registration: Literal["open", "closed"] = _knob("open", "Who may register.")
    access_token_seconds: Count = _knob(900, "Life of an access token.")
    refresh_token_days: Count = _knob(30, "Days a session lives without being used.")
    password_min: Count = _knob(8, "Shortest password, in characters.")
    password_reset_minutes: Count = _knob(60, "Life of a password reset link.")
    argon2_time_cost: Count = _knob(2, "Argon2id passes.")
    argon2_memory_kib: Count = _knob(19_456, "Argon2id memory in KiB.")
    argon2_threads: Count = _knob(2, "Threads that hash; further requests wait.")
    trusted_proxies: tuple[Network, ...] = Field(
        default=(),
        description='Networks whose X-Forwarded-For is believed, as JSON: ["10.0.0.0/8"].',
    )

    # -- rate limits
    rate_limits: Literal["on", "dry_run", "off"] = _knob(
        "on", "dry_run only counts in metrics; off limits nobody, not even guesses at passwords."
    )
    rate_limit_api: Rate = _knob(
        "1000/hour", "What a person (an address, without a token) asks that has no limit below."
    )
    rate_limit_message: Rate = _knob("60/min", "Messages a person sends, whatever way.")
    rate_limit_mark: Rate = _knob("600/min", "Read and delivery marks, and votes, of a person.")
    rate_limit_search: Rate = _knob("30/min", "Searches of a person.")
    rate_limit_suggest: Rate = _knob("120/min", "Suggestions for searches a person types.")
    rate_limit_upload: Rate = _knob("10/min", "Files a person uploads.")
    rate_limit_download: Rate = _knob(
        "600/min", "Files a person (an address, without a token) reads."
    )
    rate_limit_push_test: Rate = _knob("30/hour", "Test pushes a person has sent.")
    rate_limit_report: Rate = _knob("10/hour", "Reports a person makes.")
    rate_limit_invite: Rate = _knob(
        "100/hour",
        "Conversations and groups a person begins, people they add to one, invites they make.",
    )
    rate_limit_join: Rate = _knob(
        "600/min", "Topics a person joins, on all devices, and invites they accept."
    )
    rate_limit_connect: Rate = _knob("120/min", "Sockets a person opens.")
    rate_limit_login: Rate = _knob("5/5 min", "Wrong passwords, per account and per address.")
    rate_limit_register: Rate = _knob("30/hour", "Registrations per address.")
    rate_limit_reset: Rate = _knob(
        "5/hour", "Password resets asked for, per account; per address four times as many."
    )
    rate_limit_refresh: Rate = _knob("5000/hour", "Token refreshes per address.")
    admin_limit_factor: Most = _knob(
        10,
        "How many times as much administrators may ask, of what is counted by person; 0: any amount.",
    )
    block_after: Most = _knob(
        10_000,
        "Refusals (401, 403, 429) in ten minutes after which an address is shut out, unless it is a private one; 0: never.",
    )
    block_minutes: Count = _knob(10, "Minutes it is shut out for.")
    rate_limit_overrides: dict[str, Rate] = Field(
        default_factory=dict,
        description='Operations with a limit of their own, as JSON: {"users.show": "100/min"}.',
    )

    # -- mail
    mail_from: str = _knob("CGraph <no-reply@localhost>", "Sender of mail.")
    mailbox: Literal["local", "open"] = _knob(
        "local",
        "Who may look at /dev/mailbox, where there is one: callers on this machine, or whoever reaches it.",
    )
    smtp_url: SecretStr | None = _knob(
        None,
        "smtp[s]://user:password@host:port[?starttls=always|never]; unset: mail is written to data_dir/mail.",
    )

    # -- push
    vapid_private_key: SecretStr | None = _knob(
        None,
        "Key of Web Push, made by `cgraph keys vapid`; unset: dev makes its own, prod sends none to browsers.",
    )
    vapid_subject: str | None = _knob(
        None,
        "How push services reach the operator: mailto:… or https://…; unset: https://PHX_HOST.",
    )
    fcm_service_account: Path | None = _knob(
        None, "JSON file of a Firebase service account; unset: no pushes by FCM."
    )
    fcm_url: WebAddress = _knob("https://fcm.googleapis.com", "Where FCM is.")
    apns_key_file: Path | None = _knob(
        None, "Apple's .p8 file with a key for APNs; unset: no pushes by APNs."
    )
    apns_key_id: str = _knob("", "Id of that key.")
    apns_team_id: str = _knob("", "Id of the team it belongs to.")
    apns_topic: str = _knob("", "Bundle id of the app.")
    apns_sandbox: bool = _knob(False, "Apple's environment for apps under development.")
    apns_url: WebAddress | None = _knob(None, "Where APNs is; unset: at Apple.")
    push_allow_networks: tuple[str, ...] = Field(
        default=(),
        description="Private networks in which browsers' push services may be, as JSON list.",
    )
    push_ca_file: Path | None = _knob(
        None, "PEM file of more certificate authorities, for push services of one's own."
    )
    push_device_days: Count = _knob(
        60, "Days after which a device is forgotten whose app has not brought its token again."
    )

    push_delay_seconds: Annotated[float, Field(ge=0)] = _knob(
        15.0,
        "Seconds after which it is decided whether to push or mail: whoever reads meanwhile hears nothing.",
    )
    mail_patience: Count = _knob(
        5,
        "Mails in a row about what happened, answered by no sign of life, after which there is one a day at most.",
    )
    inbox_days: Count = _knob(90, "Days notifications are kept once they are read.")
    inbox_unread_days: Count = _knob(365, "Days they are kept if they never are.")

    # -- messaging
    message_max: Count = _knob(4000, "Longest message, in code points.")
    message_attachments_max: Count = _knob(10, "Files with one message.")
    voice_seconds_max: Count = _knob(300, "Longest voice message, in seconds.")
    voice_bytes_max: Count = _knob(10_485_760, "Largest voice message, in bytes.")
    participants_max: Count = _knob(50, "People in one group conversation.")
    reactions_max: Count = _knob(20, "Distinct reactions on one message.")
    pins_max: Count = _knob(250, "Pinned messages of one conversation.")
    scheduled_max: Count = _knob(100, "Messages one person may have waiting to be said later.")
    edit_window_seconds: int = _knob(0, "Seconds in which a message may be edited; 0: for ever.")
    event_retention_days: Annotated[int, Field(ge=7)] = _knob(
        8, "Days a client may have been away and still resume."
    )
    resume_max: Count = _knob(5000, "Most events one resume returns; more: the client reloads.")
    idempotency_hours: Annotated[int, Field(ge=24)] = _knob(
        24, "Hours a repeated write is answered."
    )
    typing_seconds: Seconds = _knob(3.0, "At most one typing event per person in so many seconds.")

    # -- previews of links
    link_previews_max: Most = _knob(
        5, "Links of one message, post or comment that are shown with a preview; 0: none, here."
    )
    link_preview_allow_networks: tuple[str, ...] = Field(
        default=(),
        description="Private networks in which pages may be that are asked for previews, as JSON list.",
    )

    # -- moderation
    report_neighbours: Annotated[int, Field(ge=0, le=25)] = _knob(
        5, "Messages before a reported one, and as many after it, that are kept with the report."
    )
    report_claim_seconds: Count = _knob(900, "How long a reported case is one moderator's alone.")
    report_evidence_days: Count = _knob(
        365, "Days after a decision for which it is kept what a reported thing said."
    )
    report_medium_score: float = _knob(3.0, "Score from which a case is of medium priority.")
    report_high_score: float = _knob(8.0, "Score from which it is of high priority.")
    report_hide_score: Annotated[float, Field(ge=0)] = _knob(
        12.5,
        "Score from which a post or comment reported by three or more is hidden until decided; 0: never.",
    )
    conversion_max: Count = _knob(
        5000, "Messages or comments of a thread or post that becomes the other."
    )

    # -- groups
    groups_max: Count = _knob(200, "Groups one person is in.")
    group_roles_max: Count = _knob(250, "Roles of one group.")
    group_channels_max: Count = _knob(500, "Channels and categories of one group.")
    channel_overwrites_max: Count = _knob(500, "Permission overwrites of one channel.")
    group_invites_max: Count = _knob(1000, "Invites of one group that are still good.")
    group_threads_max: Count = _knob(
        1000, "Threads of one group that are open; archived ones do not count."
    )
    audit_log_days: Count = _knob(365, "Days the audit logs of groups are kept.")
    group_presence_max: Annotated[int, Field(ge=0, le=100)] = _knob(
        100,
        "Members of a group above which clients are shown the presence of those on screen only.",
    )
    channel_presence_max: Count = _knob(
        1000, "Members of a group above which its channels show nobody who is here."
    )
    listening_group_max: Count = _knob(
        250, "Members of a group up to which its default level can be to hear of everything."
    )

    # -- search
    search_query_max: Count = _knob(500, "Longest search, in code points.")
    search_query_parts_max: Count = _knob(20, "Words and values of operators in one search.")
    search_saved_max: Count = _knob(50, "Searches one person may save.")
    search_recent_max: Count = _knob(20, "Searches kept to be suggested again.")
    search_url: SecretStr | None = _knob(
        None,
        "OpenSearch, as opensearch+https://user:password@host:9200,host2:9200/prefix; unset: PostgreSQL.",
    )
    search_token: SecretStr | None = _knob(
        None, "Bearer token for it, in place of a name and a password."
    )
    search_ca_file: Path | None = _knob(
        None, "PEM file of more certificate authorities, for an OpenSearch of one's own."
    )
    search_shards: Count = _knob(1, "Parts of an index made there …")
    search_replicas: Most = _knob(1, "… and further copies of each.")

    # -- forums
    post_max: Count = _knob(40_000, "Longest post, in code points.")
    comment_max: Count = _knob(10_000, "Longest comment, in code points.")
    post_attachments_max: Count = _knob(20, "Files with one post.")
    comment_attachments_max: Count = _knob(4, "Files with one comment.")
    forum_depth_max: Count = _knob(8, "Forums that lie in each other.")
    forums_max: Count = _knob(100, "Forums one person may have made.")
    moderators_max: Count = _knob(50, "Moderators of one forum, its creator counted.")
    drafts_max: Count = _knob(100, "Drafts one person may keep.")
    posts_per_day: Most = _knob(20, "Posts of one person a day; 0: any number, here and below.")
    comments_per_day: Most = _knob(0, "Comments of one person a day.")
    edits_per_day: Most = _knob(30, "Edits of posts and comments of one person a day.")
    post_gap_seconds: Most = _knob(15, "Seconds between two posts of one person.")
    comment_gap_seconds: Most = _knob(5, "Seconds between two comments of one person.")
    new_account_hours: Most = _knob(24, "Hours for which an account is new.")
    new_posts_per_day: Most = _knob(3, "Posts of a new account a day.")
    new_comments_per_day: Most = _knob(10, "Comments of a new account a day.")
    new_post_gap_seconds: Most = _knob(120, "Seconds between two posts of a new account.")
    new_comment_gap_seconds: Most = _knob(30, "Seconds between two comments of a new account.")
    new_links_max: Most = _knob(2, "Links in a post or comment of a new account.")
    same_content_seconds: Most = _knob(300, "Seconds in which nobody says the same twice.")
    post_grace_seconds: int = _knob(
        300, "Seconds in which an author may change a post or comment without leaving a revision."
    )

    # -- HTTP
    body_max: Count = _knob(1_048_576, "Largest request body, in bytes.")
    header_timeout: Seconds = _knob(10.0, "Seconds a client may take to send its request head.")
    body_timeout: Seconds = _knob(30.0, "Seconds a client may take to send its request body.")
    cors_origins: tuple[str, ...] = Field(
        default=(), description="Origins of browsers that may call the API, as JSON list."
    )

    # -- realtime
    check_origin: CheckOrigin = _knob(
        True, "Origins that may connect: true (PHX_HOST), false, conn, or a JSON list."
    )
    frame_max: Count = _knob(262_144, "Largest WebSocket message, in bytes.")
    websocket_compression: bool = _knob(
        True, "Agree to permessage-deflate, and compress long messages to clients that offer it."
    )
    socket_idle_seconds: Seconds = _knob(60.0, "Seconds of silence after which a socket is closed.")
    sockets_per_user: Count = _knob(50, "Open sockets of one user.")
    topics_per_socket: Count = _knob(100, "Channels joined on one socket.")
    socket_messages: Count = _knob(120, "Messages one socket may send in a window …")
    socket_messages_seconds: Seconds = _knob(10.0, "… of so many seconds.")
    outbox_bytes: Count = _knob(1_048_576, "Bytes kept for a socket that does not read.")
    presence_down_seconds: Seconds = _knob(30.0, "Silence after which a node's people have left.")
    drain_seconds: Seconds = _knob(3.0, "Time for clients to leave when a node stops.")
    echo_endpoint: bool = _knob(False, "Serve /socket/echo for WebSocket conformance suites.")

    # -- storage and backups
    storage_url: Store | None = _knob(
        None,
        "Where files and backups are kept: a directory, or s3://bucket/prefix; unset: data_dir/storage.",
    )
    s3_endpoint: WebAddress | None = _knob(
        None, "Address of an S3 that is not Amazon's, as https://host; unset: Amazon's."
    )
    s3_region: str = _knob("us-east-1", "Region of the bucket.")
    s3_access_key: SecretStr | None = _knob(
        None, "Unset: the machine's role, or the variables of the AWS tools."
    )
    s3_secret_key: SecretStr | None = _knob(None, "Belongs to s3_access_key.")
    file_max: Count = _knob(26_214_400, "Largest file, in bytes.")
    file_quota: Count = _knob(
        1_073_741_824, "Bytes of one person's files, uploads under way included."
    )
    file_blocked_types: tuple[str, ...] = Field(
        default=(),
        description='Content types nobody may upload, as JSON list: ["application/x-msdownload", "video/*"].',
    )
    image_pixels_max: Count = _knob(
        50_000_000, "Width times height times frames of one image; more is refused undecoded."
    )
    upload_hours: Count = _knob(
        24, "Hours an upload may take, and hours a file waits to be attached before it is removed."
    )
    media_workers: Count = _knob(2, "Files looked at at a time in this process.")
    media_seconds: Count = _knob(20, "Processor seconds that looking at one file may take.")
    media_memory_mib: Annotated[int, Field(ge=512)] = _knob(
        1024, "MiB of address space of the process that looks at one file."
    )
    files_waiting_max: Count = _knob(
        50, "One person's files that may wait to be looked at; more are refused for the moment."
    )
    media_wait_seconds: Seconds = _knob(
        10.0, "Seconds whoever uploads waits for what comes of it; then the answer is 202."
    )
    clamav_url: str | None = _knob(
        None, "A clamd that looks at every file, as tcp://host:3310 or unix:///path; unset: none."
    )
    file_ticket_minutes: Count = _knob(
        60, "Minutes a ticket lets browsers load files by address alone."
    )
    backup_at: Annotated[str, Field(pattern=r"^(off|([01]\d|2[0-3]):[0-5]\d)$")] = _knob(
        "02:00", "Time of the daily backup, in UTC; off: none."
    )
    backup_keep: Count = _knob(7, "Backups kept; the newest that was restored well is kept anyway.")
    backup_verify: Literal["auto", "server", "embedded", "off"] = _knob(
        "auto",
        "Where each backup is restored to try it: the same server, an embedded one that is thrown away, or auto:"
        " the same if we may create databases there.",
    )
    backup_timeout_minutes: Count = _knob(
        360, "Minutes after which making a backup, or trying it, is given up."
    )
    pg_bindir: Path | None = _knob(
        None, "Directory of pg_dump and pg_restore; unset: the best that are found."
    )

    # -- jobs
    queues: dict[str, Count] = Field(
        default={
            "default": 10,
            "notifications": 4,
            "mail": 5,
            "push": 20,
            "media": 2,
            "maintenance": 1,
            "backups": 1,
            "search": 2,
            "previews": 4,
        },
        description="Jobs done at a time in this process, by queue, as JSON; {}: none, see `cgraph work`.",
    )
    job_grace_seconds: Seconds = _knob(
        10.0,
        "Time for jobs to finish when a node stops; then they go back and begin anew elsewhere.",
    )

    # -- logs and metrics
    slow_statement: Seconds = _knob(0.5, "Seconds from which a statement is logged as slow.")
    slow_handler: Seconds = _knob(
        1.0, "Seconds from which a request or a channel event is logged as slow."
    )
    metrics_token: SecretStr | None = _knob(
        None, "Bearer token that /metrics demands; unset: open in dev, not served in prod."
    )
    work_metrics_port: Port | None = _knob(
        None,
        "Port, at CGRAPH_HOST, where `cgraph work` answers /metrics, /health and /ready; 0 takes a free one; unset: none.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _knob(
        "info", "Least severe log line."
    )
    log_format: Literal["auto", "json", "text"] = _knob(
        "auto", "auto: text on a terminal, else JSON."
    )

    # -- tracing
    otel_endpoint: WebAddress | None = _knob(
        None,
        "Where traces go by OTLP/HTTP, as http://collector:4318; unset: nothing is traced. Needs `cgraph[otel]`.",
    )
    otel_headers: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='Headers of what is sent there, as JSON: {"authorization": "Bearer …"}.',
    )
    otel_service: str = _knob("cgraph", "What this process is called in traces.")
    otel_ratio: Annotated[float, Field(ge=0, le=1)] = _knob(
        0.1, "Share of what begins here that is traced; what comes with a traceparent says itself."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (ours takes its place)
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The usual ones, the first that knows a setting wins."""
        return init_settings, _Environment(settings_cls), dotenv_settings, file_secret_settings

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        parse_sender(value)
        return value

    @field_validator("clamav_url")
    @classmethod
    def _scanner(cls, value: str | None) -> str | None:
        if value is not None:
            Scanner(value)
        return value

    @field_validator("search_url")
    @classmethod
    def _cluster(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_cluster(value.get_secret_value())
        return value

    @field_validator("smtp_url")
    @classmethod
    def _server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_server(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _contradictions(self) -> "Settings":
        problems = list(self._problems())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> list[str]:
        found = []
        if self.env == "prod":
            required = {
                "DATABASE_URL": self.database_url,
                "SECRET_KEY_BASE": self.secret_key_base,
                "JWT_SECRET": self.jwt_secret,
            }
            found += [
                f"{name} is required in prod" for name, value in required.items() if not value
            ]
            if "phx_host" not in self.model_fields_set:
                found.append("PHX_HOST is required in prod")
        for name, secret in (
            ("SECRET_KEY_BASE", self.secret_key_base),
            ("JWT_SECRET", self.jwt_secret),
        ):
            if secret is not None and len(secret.get_secret_value()) < 32:  # noqa: PLR2004
                found.append(f"{name} must have at least 32 characters")
        if self.jwt_key_id in self.jwt_old_secrets:
            found.append("CGRAPH_JWT_OLD_SECRETS must not hold the current key id")
        if (self.s3_access_key is None) != (self.s3_secret_key is None):
            found.append("CGRAPH_S3_ACCESS_KEY and CGRAPH_S3_SECRET_KEY go together")
        if self.direct_database_url and not self.database_url:
            found.append("CGRAPH_DIRECT_DATABASE_URL needs DATABASE_URL")
        return found + self._search_problems() + self._push_problems()

    def _search_problems(self) -> list[str]:
        if self.search_token and not self.search_url:
            return ["CGRAPH_SEARCH_TOKEN needs CGRAPH_SEARCH_URL"]
        return []

    def _push_problems(self) -> list[str]:
        found = []
        if self.apns_key_file and not (self.apns_key_id and self.apns_team_id and self.apns_topic):
            found.append(
                "CGRAPH_APNS_KEY_FILE needs CGRAPH_APNS_KEY_ID, CGRAPH_APNS_TEAM_ID and CGRAPH_APNS_TOPIC"
            )
        if self.vapid_subject and not self.vapid_subject.startswith(("mailto:", "https://")):
            found.append("CGRAPH_VAPID_SUBJECT must begin with mailto: or https://")
        return found

    @property
    def vapid_contact(self) -> str:
        """How push services reach the operator."""
        return self.vapid_subject or f"https://{self.phx_host}"

    @property
    def mail_dir(self) -> Path:
        """Where mail is written that no server takes."""
        return self.data_dir / "mail"

    @property
    def has_mailbox(self) -> bool:
        """Whether `/dev/mailbox` shows it."""
        return self.env != "prod" and self.smtp_url is None

    @property
    def base_url(self) -> str:
        """Public base address without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        scheme = "https" if self.env == "prod" else "http"
        port = "" if self.env == "prod" else f":{self.port}"
        return f"{scheme}://{self.phx_host}{port}"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return name.upper() if name.upper() in PLAIN_NAMES else PREFIX + name.upper()
