// An HTTP/1.1 client that is not the bottleneck: keep-alive connections on one epoll loop, one request each under way.
// With a rate, a request is sent when it is due and a connection is free.
//
// http PORT requests=20000 connections=16 lines=FILE rate=500 go=FD     prints one JSON object
// Each line of FILE is `METHOD PATH TOKEN [BODY]`; connection i starts with line i and walks on from there.
#include "ws.h"

enum { MAX_LINES = 20000, MAX_CONNECTIONS = 1024 };

typedef struct {
    int fd, line;
    Buffer in;
    uint64_t since;
} Connection;

static Connection connections[MAX_CONNECTIONS];
static char *requests[MAX_LINES];
static size_t lengths[MAX_LINES];
static int lines, port, poll_fd, count = 16, idle[MAX_CONNECTIONS], idles;
static uint64_t total = 20000, rate, begun, sent, done, failed, bytes;
static uint64_t *latency;

static void prepare(const char *file) {
    FILE *f = fopen(file, "r");
    if (!f) die(file);
    static char line[65536], method[16], path[512], token[2048], body[60000];
    while (lines < MAX_LINES && fgets(line, sizeof line, f)) {
        body[0] = 0;
        if (sscanf(line, "%15s %511s %2047s %59999[^\n]", method, path, token, body) < 3) continue;
        char *request = malloc(strlen(path) + strlen(token) + strlen(body) + 512);
        int n = sprintf(request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n", method, path, port, token);
        if (*body) n += sprintf(request + n, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
        n += sprintf(request + n, "\r\n%s", body);
        requests[lines] = request;
        lengths[lines++] = (size_t)n;
    }
    fclose(f);
}

static void next_request(Connection *c) {
    if (sent >= total) return;
    if (rate && sent >= (now_ns() - begun) * rate / 1000000000ull) {
        idle[idles++] = (int)(c - connections);
        return;
    }
    sent++;
    c->since = now_ns();
    int line = c->line % lines;
    c->line += count;
    if (send(c->fd, requests[line], lengths[line], MSG_NOSIGNAL) != (ssize_t)lengths[line]) die("send");
}

static void readable(Connection *c) {
    buffer_reserve(&c->in, 65536);
    ssize_t n = recv(c->fd, c->in.data + c->in.used, c->in.size - c->in.used - 1, 0);
    if (n == 0) { fprintf(stderr, "connection dropped by the server\n"); exit(1); }
    if (n < 0) return;
    c->in.used += (size_t)n;
    for (;;) {
        char *start = (char *)c->in.data + c->in.start;
        size_t have = c->in.used - c->in.start;
        char *end = memmem(start, have, "\r\n\r\n", 4);
        if (!end) return;
        *end = 0;
        char *size = strcasestr(start, "\r\ncontent-length:");
        size_t whole = (size_t)(end + 4 - start) + (size ? strtoul(size + 17, NULL, 10) : 0);
        *end = '\r';
        if (have < whole) return;
        if (start[9] != '2' && failed++ == 0) fprintf(stderr, "failed: %.*s\n", (int)(whole < 800 ? whole : 800), start);
        bytes += whole;
        c->in.start += whole;
        latency[done++] = now_ns() - c->since;
        next_request(c);
    }
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
    int go = -1;
    const char *file = NULL;
    if (argc < 3) return fprintf(stderr, "http PORT key=value …\n"), 2;
    port = atoi(argv[1]);
    for (int i = 2; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value) return 2;
        *value++ = 0;
        if (!strcmp(argv[i], "requests")) total = strtoull(value, NULL, 10);
        if (!strcmp(argv[i], "connections")) count = atoi(value);
        if (!strcmp(argv[i], "rate")) rate = strtoull(value, NULL, 10);
        if (!strcmp(argv[i], "lines")) file = value;
        if (!strcmp(argv[i], "go")) go = atoi(value);
    }
    prepare(file);
    latency = malloc(sizeof *latency * (total + MAX_CONNECTIONS));
    poll_fd = epoll_create1(0);
    for (int i = 0; i < count; i++) {
        Connection *c = &connections[i];
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        c->line = i;
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(c->fd, (struct sockaddr *)&a, sizeof a)) die("connect");
        prepare_socket(c->fd);
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &e);
    }
    char byte;
    printf("ready\n");
    fflush(stdout);
    if (go >= 0 && read(go, &byte, 1) != 1) return 1;
    begun = now_ns();
    uint64_t deadline = begun + 120000000000ull;
    for (int i = 0; i < count; i++) next_request(&connections[i]);
    while (done < total && now_ns() < deadline) {
        struct epoll_event events[256];
        int n = epoll_wait(poll_fd, events, 256, rate ? 1 : 100);
        for (int i = 0; i < n; i++) readable(&connections[events[i].data.u32]);
        for (int waiting = idles; waiting; waiting--) next_request(&connections[idle[--idles]]);
    }
    double elapsed = (double)(now_ns() - begun) / 1e9;
    printf("done\n");
    fflush(stdout);
    if (go >= 0 && read(go, &byte, 1) != 1) return 1;
    qsort(latency, done, sizeof *latency, by_size);
    printf("{\"requests\":%llu,\"failed\":%llu,\"bytes\":%llu,\"elapsed_s\":%.6f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
           (unsigned long long)done, (unsigned long long)failed, (unsigned long long)bytes, elapsed,
           (double)latency[done / 2] / 1e6, (double)latency[(size_t)((double)done * 0.99)] / 1e6);
    return 0;
}
