// A channel client that is not the bottleneck: thousands of sockets on one epoll loop, speaking Phoenix protocol V2.
//
// load PORT MODE key=value …      prints one JSON object
//   fanout    subscribers=1000 inflight=1 messages=500 | rate=20 seconds=10
//   pairs     pairs=500 inflight=16 messages=20000
//   idle      sockets=5000 seconds=5          (joins each, then waits)
//   presence  sockets=1000 seconds=20         (until each knows all, or the time is over)
//             refs=1 join with a ref of its own per socket, as pages do that have been open for a while
// Common: path=/socket/websocket event=new_message bytes=200 tokens=FILE (one per line, socket i uses line i)
//   topics=FILE (one per line; fan-out and presence use the first, pairs line p, idle line i) go=FD (a byte is read from
//   it after every join, so that the caller can read the server's counters before and after)
//   deflate=1 (offer permessage-deflate as browsers do; every message is inflated and looked at all the same)
//
// "bytes" are all that came over the sockets behind the handshakes: frame heads and payloads, compressed or not.
// Presence frames are kept until all have joined and nothing is to be read; what counts is when a frame had come. So it is the server's time that is measured, not that of a client that is a thousand clients.
#include "inflate.h"

enum { MAX_SOCKETS = 40000 };

typedef struct {
    int fd;
    Buffer in;
    bool upgraded, joined;
    int topic;
    uint64_t *refs;  // presence: hashes of the phx_refs known
    size_t ref_size, ref_count;
} Socket;

static Socket sockets[MAX_SOCKETS];
static char *tokens[MAX_SOCKETS], *topics[MAX_SOCKETS];
static int token_count, topic_count;
static int port, poll_fd, joined, socket_count, deflate, own_refs;
static const char *path = "/socket/websocket", *event_name = "new_message", *mode;
static int bytes = 200, inflight = 1, messages = 500, rate, seconds = 10, go = -1, pairs = 500;
static uint64_t deliveries, replies, errors, sent, frames, compressed, bytes_in, converged;
static uint64_t *latency;
static size_t latency_count, latency_size;
static uint64_t t_first, t_last;

typedef struct Kept {
    struct Kept *next;
    Socket *socket;
    uint64_t came;
    bool compressed;
    size_t length;
    uint8_t payload[];
} Kept;
static Kept *kept_first, *kept_last;

static int read_lines(const char *file, char **out) {
    FILE *f = fopen(file, "r");
    if (!f) die(file);
    char line[4096];
    int n = 0;
    while (n < MAX_SOCKETS && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\r\n")] = 0;
        out[n++] = strdup(line);
    }
    fclose(f);
    return n;
}

static void send_text(Socket *s, const char *text, size_t length) {
    static uint8_t out[1 << 17];
    size_t head = frame_head(out, length, true);
    memcpy(out + head, text, length);
    uint8_t *at = out;
    size_t left = head + length;
    while (left) {
        ssize_t n = send(s->fd, at, left, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) { usleep(50); continue; }
            die("send");
        }
        at += n;
        left -= (size_t)n;
    }
}

static const char *topic_of(Socket *s) {
    static char name[64];
    if (topic_count) return topics[s->topic % topic_count];
    snprintf(name, sizeof name, "bench:%d", s->topic);
    return name;
}

static void connect_one(int i) {
    Socket *s = &sockets[i];
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(s->fd, (struct sockaddr *)&a, sizeof a)) die("connect");
    prepare_socket(s->fd);
    char request[4096];
    int n = snprintf(request, sizeof request,
                     "GET %s?vsn=2.0.0%s%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
                     path, token_count ? "&token=" : "", token_count ? tokens[i % token_count] : "", port,
                     deflate ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" : "");
    if (send(s->fd, request, (size_t)n, MSG_NOSIGNAL) != n) die("handshake");
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, s->fd, &e);
}

static void join(Socket *s) {
    char text[512];
    int ref = own_refs ? (int)(s - sockets) + 1000 : 1;
    int n = snprintf(text, sizeof text, "[\"%d\",\"%d\",\"%s\",\"phx_join\",{}]", ref, ref, topic_of(s));
    send_text(s, text, (size_t)n);
}

static void push(Socket *s) {
    static uint64_t ref = 10;
    char text[65000];
    int n = snprintf(text, sizeof text, "[\"1\",\"%llu\",\"%s\",\"%s\",{\"content\":\"%llu ", (unsigned long long)ref++,
                     topic_of(s), event_name, (unsigned long long)now_ns());
    int start = n - 21;
    while (n - start < bytes && n < 64000) text[n++] = 'x';
    memcpy(text + n, "\"}]", 3);
    send_text(s, text, (size_t)n + 3);
    sent++;
}

static bool knows(Socket *s, const uint8_t *ref, size_t length) {
    uint64_t hash = 1469598103934665603ull;
    for (size_t i = 0; i < length; i++) hash = (hash ^ ref[i]) * 1099511628211ull;
    if (!s->refs) s->refs = calloc(s->ref_size = 4096, sizeof(uint64_t));
    size_t at = hash % s->ref_size;
    while (s->refs[at]) {
        if (s->refs[at] == hash) return true;
        at = (at + 1) % s->ref_size;
    }
    s->refs[at] = hash;
    s->ref_count++;
    return false;
}

static void presence(Socket *s, const uint8_t *at, size_t length, uint64_t came) {
    static const char key[] = "\"phx_ref\":\"";
    const uint8_t *end = at + length, *found;
    size_t before = s->ref_count;
    while ((found = memmem(at, (size_t)(end - at), key, sizeof key - 1))) {
        at = found + sizeof key - 1;
        const uint8_t *stop = memchr(at, '"', (size_t)(end - at));
        if (!stop) break;
        knows(s, at, (size_t)(stop - at));
        at = stop;
    }
    if (before < (size_t)socket_count && s->ref_count >= (size_t)socket_count) {
        converged++;
        if (came > t_last) t_last = came;
    }
}

static void keep(Socket *s, Frame *f) {
    Kept *kept = malloc(sizeof *kept + f->length);
    if (!kept) die("malloc");
    *kept = (Kept){.socket = s, .came = now_ns(), .compressed = f->compressed, .length = f->length};
    memcpy(kept->payload, f->payload, f->length);
    if (kept_last) kept_last->next = kept;
    else kept_first = kept;
    kept_last = kept;
}

static const uint8_t *text_of(const uint8_t *payload, size_t *length) {
    const uint8_t *text = inflate_message(payload, *length, length);
    if (!text) { fprintf(stderr, "a message that cannot be inflated\n"); exit(1); }
    compressed++;
    return text;
}

static void look_at_kept(void) {
    Kept *kept = kept_first;
    size_t length = kept->length;
    const uint8_t *text = kept->compressed ? text_of(kept->payload, &length) : kept->payload;
    if (memmem(text, length < 200 ? length : 200, "\"presence_", 10)) presence(kept->socket, text, length, kept->came);
    kept_first = kept->next;
    if (!kept_first) kept_last = NULL;
    free(kept);
}

static void delivered(const uint8_t *text, size_t length) {
    deliveries++;
    t_last = now_ns();
    const uint8_t *at = memmem(text, length, "\"content\":\"", 11);
    if (!at || latency_count >= latency_size) return;
    uint64_t then = strtoull((const char *)at + 11, NULL, 10);
    if (then) latency[latency_count++] = t_last - then;
}

static void frame_in(Socket *s, Frame *f) {
    frames++;
    if (f->opcode == 8) {
        fprintf(stderr, "closed by the server with %d\n", f->length > 1 ? f->payload[0] << 8 | f->payload[1] : 0);
        exit(1);
    }
    if (f->opcode != 1) return;
    bool presences = !strcmp(mode, "presence");
    if (presences && f->compressed) return keep(s, f);
    const uint8_t *text = f->payload;
    if (f->compressed) text = text_of(text, &f->length);
    size_t head = f->length < 200 ? f->length : 200;
    if (memmem(text, head, "\"phx_reply\"", 11)) {
        bool ok = memmem(text, f->length < 400 ? f->length : 400, "\"status\":\"ok\"", 13);
        if (!s->joined) {
            if (!ok) { fprintf(stderr, "join refused: %.*s\n", (int)f->length, text); exit(1); }
            s->joined = true;
            joined++;
        } else {
            replies++;
            if (!ok && errors++ == 0) fprintf(stderr, "error reply: %.*s\n", (int)f->length, text);
        }
    } else if (presences && memmem(text, head, "\"presence_", 10)) {
        keep(s, f);
    } else if (memmem(text, head, event_name, strlen(event_name))) {
        delivered(text, f->length);
    }
}

static void readable(Socket *s) {
    buffer_reserve(&s->in, 65536);
    ssize_t n = recv(s->fd, s->in.data + s->in.used, s->in.size - s->in.used, 0);
    if (n == 0) { fprintf(stderr, "connection dropped by the server\n"); exit(1); }
    if (n < 0) return;
    s->in.used += (size_t)n;
    bytes_in += (size_t)n;
    if (!s->upgraded) {
        uint8_t *end = memmem(s->in.data, s->in.used, "\r\n\r\n", 4);
        if (!end) return;
        if (memcmp(s->in.data, "HTTP/1.1 101", 12)) { fprintf(stderr, "refused: %.60s\n", s->in.data); exit(1); }
        s->in.start = (size_t)(end + 4 - s->in.data);
        bytes_in -= s->in.start;
        if (deflate && !memmem(s->in.data, s->in.start, "permessage-deflate", 18)) {
            fprintf(stderr, "the server does not compress\n");
            exit(1);
        }
        s->upgraded = true;
        join(s);
    }
    Frame f;
    while (next_frame(&s->in, &f)) frame_in(s, &f);
}

static void turn(int timeout_ms) {
    struct epoll_event events[512];
    bool look = kept_first && joined == socket_count;
    int n = epoll_wait(poll_fd, events, 512, look ? 0 : timeout_ms);
    if (n == 0 && look) look_at_kept();
    for (int i = 0; i < n; i++) readable(&sockets[events[i].data.u32]);
}

static void signal_go(const char *what) {
    printf("%s\n", what);
    fflush(stdout);
    char c;
    if (go >= 0 && read(go, &c, 1) != 1) exit(1);
}

static void connect_all(int n, int most_open) {
    socket_count = n;
    for (int i = 0; i < n; i++) {
        connect_one(i);
        while (i + 1 - joined >= most_open) turn(1000);
    }
    uint64_t deadline = now_ns() + 60000000000ull;
    while (joined < n && now_ns() < deadline) turn(100);
    if (joined < n) { fprintf(stderr, "only %d of %d joined\n", joined, n); exit(1); }
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double percentile(double p) {
    if (!latency_count) return 0;
    return (double)latency[(size_t)((double)(latency_count - 1) * p)] / 1e6;
}

static void run_closed(int per_message) {
    // Completed messages are told from the totals: each gives `per_message` deliveries and one reply.
    uint64_t deadline = now_ns() + 120000000000ull;
    int next = 0;
    while (now_ns() < deadline) {
        uint64_t done = deliveries / (uint64_t)per_message;
        if (replies < done) done = replies;
        if (done >= (uint64_t)messages) break;
        while (sent < (uint64_t)messages && sent - done < (uint64_t)inflight) {
            push(&sockets[per_message == 2 ? 2 * (next % pairs) : 0]);
            next++;
        }
        turn(100);
    }
}

static void run_rate(void) {
    uint64_t start = now_ns(), step = 1000000000ull / (uint64_t)rate, total = (uint64_t)rate * (uint64_t)seconds;
    while (sent < total) {
        uint64_t due = start + sent * step, now = now_ns();
        if (now >= due) push(&sockets[0]);
        else turn((int)((due - now) / 1000000));
    }
    uint64_t deadline = now_ns() + 5000000000ull;
    while (deliveries < total * (uint64_t)socket_count && now_ns() < deadline) turn(100);
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "load PORT MODE key=value …\n"), 2;
    port = atoi(argv[1]);
    mode = argv[2];
    int subscribers = 1000, count = 5000;
    for (int i = 3; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value) return fprintf(stderr, "%s: key=value\n", argv[i]), 2;
        *value++ = 0;
        struct { const char *key; int *number; } numbers[] = {
            {"subscribers", &subscribers}, {"inflight", &inflight}, {"messages", &messages}, {"rate", &rate},
            {"seconds", &seconds}, {"pairs", &pairs}, {"sockets", &count}, {"bytes", &bytes}, {"go", &go},
            {"deflate", &deflate}, {"refs", &own_refs}};
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
            if (!strcmp(argv[i], numbers[k].key)) *numbers[k].number = atoi(value);
        if (!strcmp(argv[i], "path")) path = value;
        if (!strcmp(argv[i], "event")) event_name = value;
        if (!strcmp(argv[i], "tokens")) token_count = read_lines(value, tokens);
        if (!strcmp(argv[i], "topics")) topic_count = read_lines(value, topics);
    }
    raise_file_limit();
    poll_fd = epoll_create1(0);
    latency = malloc(sizeof(uint64_t) * (latency_size = 20000000));
    uint64_t t_connect = now_ns();
    if (!strcmp(mode, "fanout")) {
        connect_all(subscribers, 200);
    } else if (!strcmp(mode, "pairs")) {
        for (int i = 0; i < 2 * pairs; i++) sockets[i].topic = i / 2;
        connect_all(2 * pairs, 200);
    } else if (!strcmp(mode, "idle")) {
        for (int i = 0; i < count; i++) sockets[i].topic = i;
        connect_all(count, 200);
    } else {
        t_first = now_ns();
        connect_all(count, count + 1);
    }
    double connect_s = (double)(now_ns() - t_connect) / 1e9;
    if (strcmp(mode, "presence")) {
        for (uint64_t quiet = now_ns() + 300000000ull; now_ns() < quiet;) turn(50);
        deliveries = replies = frames = compressed = bytes_in = 0;
        latency_count = 0;
        signal_go("ready");
        t_first = now_ns();
        if (!strcmp(mode, "fanout") && rate) run_rate();
        else if (!strcmp(mode, "fanout")) run_closed(subscribers);
        else if (!strcmp(mode, "pairs")) run_closed(2);
        else for (uint64_t end = now_ns() + (uint64_t)seconds * 1000000000ull; now_ns() < end;) turn(100);
        if (!t_last) t_last = now_ns();
    } else {
        uint64_t end = now_ns() + (uint64_t)seconds * 1000000000ull;
        while (converged < (uint64_t)count && now_ns() < end) turn(100);
    }
    double elapsed = (double)(t_last - t_first) / 1e9;
    signal_go("done");
    qsort(latency, latency_count, sizeof *latency, by_size);
    printf("{\"sockets\":%d,\"connect_s\":%.4f,\"sent\":%llu,\"deliveries\":%llu,\"replies\":%llu,\"errors\":%llu,"
           "\"frames\":%llu,\"compressed\":%llu,\"bytes\":%llu,\"elapsed_s\":%.6f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"converged\":%llu}\n",
           socket_count, connect_s, (unsigned long long)sent, (unsigned long long)deliveries,
           (unsigned long long)replies, (unsigned long long)errors, (unsigned long long)frames,
           (unsigned long long)compressed, (unsigned long long)bytes_in, elapsed, percentile(0.5), percentile(0.99), (unsigned long long)converged);
    return 0;
}
