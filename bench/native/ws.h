// What the load client and the limit server share: WebSocket framing on plain sockets, little more.
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static inline void die(const char *what) {
    perror(what);
    exit(1);
}

static inline void raise_file_limit(void) {
    struct rlimit limit = {65536, 65536};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static inline void prepare_socket(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

typedef struct {
    uint8_t *data;
    size_t size, used, start;
} Buffer;

static inline void buffer_reserve(Buffer *buffer, size_t more) {
    if (buffer->start > 0) {
        memmove(buffer->data, buffer->data + buffer->start, buffer->used - buffer->start);
        buffer->used -= buffer->start;
        buffer->start = 0;
    }
    if (buffer->used + more > buffer->size) {
        buffer->size = (buffer->used + more) * 2;
        buffer->data = realloc(buffer->data, buffer->size);
        if (!buffer->data) die("realloc");
    }
}

typedef struct {
    int opcode;
    bool compressed;
    uint8_t *payload;
    size_t length;
} Frame;

// The next whole frame of the buffer, unmasked in place. False: more bytes are needed.
static inline bool next_frame(Buffer *buffer, Frame *frame) {
    uint8_t *at = buffer->data + buffer->start;
    size_t have = buffer->used - buffer->start;
    if (have < 2) return false;
    bool masked = at[1] & 0x80;
    uint64_t length = at[1] & 0x7f;
    size_t head = 2;
    if (length == 126) {
        if (have < 4) return false;
        length = (uint64_t)at[2] << 8 | at[3];
        head = 4;
    } else if (length == 127) {
        if (have < 10) return false;
        length = 0;
        for (int i = 2; i < 10; i++) length = length << 8 | at[i];
        head = 10;
    }
    size_t mask_at = head;
    if (masked) head += 4;
    if (have < head + length) return false;
    frame->opcode = at[0] & 0x0f;
    frame->compressed = at[0] & 0x40;
    frame->payload = at + head;
    frame->length = length;
    if (masked)
        for (size_t i = 0; i < length; i++) frame->payload[i] ^= at[mask_at + (i & 3)];
    buffer->start += head + length;
    return true;
}

// Writes a frame's head and returns its size; the mask (zero: unmasking is free) follows for clients.
static inline size_t frame_head(uint8_t *out, size_t length, bool masked) {
    size_t n = 2;
    out[0] = 0x81;
    if (length < 126) {
        out[1] = (uint8_t)length;
    } else if (length < 65536) {
        out[1] = 126;
        out[2] = (uint8_t)(length >> 8);
        out[3] = (uint8_t)length;
        n = 4;
    } else {
        out[1] = 127;
        for (int i = 0; i < 8; i++) out[2 + i] = (uint8_t)(length >> (56 - 8 * i));
        n = 10;
    }
    if (masked) {
        out[1] |= 0x80;
        memset(out + n, 0, 4);
        n += 4;
    }
    return n;
}
