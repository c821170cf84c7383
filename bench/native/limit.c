// The limit: a channel server that does nothing but recv() and one send() per subscriber. No framework can be cheaper
// than its system calls, so figures of the real server are given as multiples of this one's.
//
// It knows topics, joins and pushes as far as the load client needs: "phx_join" is answered ok; any other event goes to
// every member of its topic as a broadcast, then an ok reply to the sender. With several pushes read at once it still
// sends each by itself, unless -c is given: then what one read brought is sent to each member in one call.
#include "ws.h"

#define MAX_TOPICS 4096
#define MAX_FDS 65536

typedef struct Topic {
    char name[80];
    int *members;
    int count, size;
} Topic;

static Topic topics[MAX_TOPICS];
static int topic_count;
static Buffer buffers[MAX_FDS];
static bool open_[MAX_FDS];
static bool coalesce;

static Topic *topic_named(const char *name, size_t length) {
    static Topic *last[1024];
    unsigned hash = 5381;
    for (size_t i = 0; i < length; i++) hash = hash * 33 + (unsigned char)name[i];
    Topic **cached = &last[hash % 1024];
    if (*cached && strlen((*cached)->name) == length && !memcmp((*cached)->name, name, length)) return *cached;
    for (int i = 0; i < topic_count; i++)
        if (strlen(topics[i].name) == length && !memcmp(topics[i].name, name, length)) return *cached = &topics[i];
    Topic *topic = &topics[topic_count++];
    memcpy(topic->name, name, length);
    return *cached = topic;
}

static void add_member(Topic *topic, int fd) {
    if (topic->count == topic->size) {
        topic->size = topic->size ? topic->size * 2 : 4;
        topic->members = realloc(topic->members, sizeof(int) * (size_t)topic->size);
    }
    topic->members[topic->count++] = fd;
}

static void send_all(int fd, const uint8_t *data, size_t length) {
    while (length > 0) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN) return;
            usleep(100);
            continue;
        }
        data += n;
        length -= (size_t)n;
    }
}

// RFC 6455's accept key needs SHA-1; the load client does not check it, so a constant will do here.
static void handshake(int fd) {
    static const char answer[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: limit\r\n\r\n";
    send_all(fd, (const uint8_t *)answer, sizeof answer - 1);
    open_[fd] = true;
}

// The nth JSON string of the message's array head: 0 join_ref, 1 ref, 2 topic, 3 event; and what follows the event.
static const char *field(const char *at, const char *end, size_t *length) {
    while (at < end && *at != '"') at++;
    const char *start = ++at;
    while (at < end && *at != '"') at++;
    *length = (size_t)(at - start);
    return start;
}

static uint8_t pending[1 << 20];
static size_t pending_length;
static Topic *pending_topic;

static void flush(void) {
    if (!pending_length) return;
    for (int i = 0; i < pending_topic->count; i++) send_all(pending_topic->members[i], pending, pending_length);
    pending_length = 0;
}

static size_t reply(uint8_t *out, const char *jr, size_t jrn, const char *ref, size_t refn, const char *t, size_t tn) {
    char body[512];
    int n = snprintf(body, sizeof body, "[\"%.*s\",\"%.*s\",\"%.*s\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]",
                     (int)jrn, jr, (int)refn, ref, (int)tn, t);
    size_t head = frame_head(out, (size_t)n, false);
    memcpy(out + head, body, (size_t)n);
    return head + (size_t)n;
}

static void message(int fd, char *text, size_t length) {
    const char *end = text + length;
    size_t jrn, refn, tn, en;
    const char *jr = field(text, end, &jrn), *ref = field(jr + jrn + 1, end, &refn);
    const char *t = field(ref + refn + 1, end, &tn), *event = field(t + tn + 1, end, &en);
    const char *payload = event + en + 2;
    Topic *topic = topic_named(t, tn);
    uint8_t answer[600];
    if (en == 8 && !memcmp(event, "phx_join", 8)) {
        add_member(topic, fd);
        send_all(fd, answer, reply(answer, jr, jrn, ref, refn, t, tn));
        return;
    }
    static char body[1 << 16];
    int n = snprintf(body, sizeof body, "[null,null,\"%.*s\",\"%.*s\",%.*s", (int)tn, t, (int)en, event,
                     (int)(end - payload), payload);
    uint8_t head[10];
    size_t hn = frame_head(head, (size_t)n, false);
    if (pending_topic != topic || pending_length + hn + (size_t)n > sizeof pending) flush();
    pending_topic = topic;
    memcpy(pending + pending_length, head, hn);
    memcpy(pending + pending_length + hn, body, (size_t)n);
    pending_length += hn + (size_t)n;
    if (!coalesce) flush();
    send_all(fd, answer, reply(answer, jr, jrn, ref, refn, t, tn));
}

int main(int argc, char **argv) {
    if (argc < 2) return fprintf(stderr, "limit PORT [-c]\n"), 2;
    coalesce = argc > 2 && !strcmp(argv[2], "-c");
    raise_file_limit();
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) die("bind");
    fcntl(listener, F_SETFL, O_NONBLOCK);
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int client;
                while ((client = accept(listener, NULL, NULL)) >= 0) {
                    prepare_socket(client);
                    event.data.fd = client;
                    epoll_ctl(poll, EPOLL_CTL_ADD, client, &event);
                }
                continue;
            }
            Buffer *buffer = &buffers[fd];
            buffer_reserve(buffer, 16384);
            ssize_t got = recv(fd, buffer->data + buffer->used, buffer->size - buffer->used, 0);
            if (got <= 0) {
                if (got < 0 && errno == EAGAIN) continue;
                if (open_[fd]) return 0;  // the load client is done
                close(fd);
                continue;
            }
            buffer->used += (size_t)got;
            if (!open_[fd]) {
                if (!memmem(buffer->data, buffer->used, "Upgrade", 7)) continue;
                buffer->start = buffer->used = 0;
                handshake(fd);
                continue;
            }
            Frame frame;
            while (next_frame(buffer, &frame)) {
                if (frame.opcode == 8) return 0;
                message(fd, (char *)frame.payload, frame.length);
            }
            flush();
        }
    }
}
