// DEFLATE (RFC 1951), for messages of permessage-deflate: the load client needs no library for it.
//
// Each alphabet is one table that 15 bits look up: the entry says the symbol and how many of the bits it took.
#pragma once
#include "ws.h"

enum { CODE_BITS = 15, TABLE = 1 << CODE_BITS, LAST_LITERAL = 255, END_OF_BLOCK = 256 };

typedef struct {
    const uint8_t *at, *end;
    uint64_t bits;
    int count;
    uint8_t *out;
    size_t size, used;
} Inflate;

static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                         2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_base[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                           193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};

static inline int distance_extra(int symbol) { return symbol < 4 ? 0 : symbol / 2 - 1; }

// At least 32 bits, zeros behind the end; a caller that takes those is caught by `overrun`.
static inline void refill(Inflate *z) {
    while (z->count <= 48) {
        uint64_t byte = z->at < z->end ? *z->at : 0;
        z->at++;
        z->bits |= byte << z->count;
        z->count += 8;
    }
}

static inline bool overrun(const Inflate *z) { return z->at - z->count / 8 > z->end; }

static inline unsigned take(Inflate *z, int n) {
    refill(z);
    unsigned value = (unsigned)(z->bits & ((1ull << n) - 1));
    z->bits >>= n;
    z->count -= n;
    return value;
}

static bool make_table(const uint8_t *lengths, int symbols, uint16_t *table) {
    unsigned code = 0;
    memset(table, 0, sizeof(uint16_t) * TABLE);
    for (int length = 1; length <= CODE_BITS; length++, code <<= 1) {
        for (int symbol = 0; symbol < symbols; symbol++) {
            if (lengths[symbol] != length) continue;
            if (code >> length) return false;
            unsigned reversed = 0;
            for (int bit = 0; bit < length; bit++) reversed |= (code >> bit & 1) << (length - 1 - bit);
            for (unsigned at = reversed; at < TABLE; at += 1u << length) table[at] = (uint16_t)(symbol << 4 | length);
            code++;
        }
    }
    return true;
}

static inline int symbol_of(Inflate *z, const uint16_t *table) {
    refill(z);
    uint16_t entry = table[z->bits & (TABLE - 1)];
    z->bits >>= entry & 15;
    z->count -= entry & 15;
    return entry ? entry >> 4 : -1;
}

static inline void room(Inflate *z, size_t more) {
    if (z->used + more > z->size) {
        z->size = (z->used + more) * 2;
        z->out = realloc(z->out, z->size);
        if (!z->out) die("realloc");
    }
}

static bool stored_block(Inflate *z) {
    take(z, z->count % 8);
    unsigned length = take(z, 16), check = take(z, 16);
    if ((length ^ check) != 0xffff) return false;
    room(z, length);
    for (unsigned i = 0; i < length; i++) z->out[z->used++] = (uint8_t)take(z, 8);
    return !overrun(z);
}

static bool coded_block(Inflate *z, const uint16_t *literals, const uint16_t *distances) {
    for (;;) {
        int symbol = symbol_of(z, literals);
        if (symbol < 0 || overrun(z)) return false;
        room(z, 258);
        if (symbol <= LAST_LITERAL) {
            z->out[z->used++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == END_OF_BLOCK) return true;
        symbol -= END_OF_BLOCK + 1;
        if (symbol >= 29) return false;
        size_t length = length_base[symbol] + take(z, length_extra[symbol]);
        symbol = symbol_of(z, distances);
        if (symbol < 0 || symbol >= 30) return false;
        size_t distance = distance_base[symbol] + take(z, distance_extra(symbol));
        if (distance > z->used) return false;
        for (size_t i = 0; i < length; i++, z->used++) z->out[z->used] = z->out[z->used - distance];
    }
}

static bool read_lengths(Inflate *z, uint8_t *lengths, int wanted, const uint16_t *table) {
    for (int n = 0; n < wanted;) {
        int symbol = symbol_of(z, table), times = 1;
        uint8_t value = 0;
        if (symbol < 0 || overrun(z)) return false;
        if (symbol < 16) value = (uint8_t)symbol;
        else if (symbol == 16 && n == 0) return false;
        else if (symbol == 16) value = lengths[n - 1], times = 3 + (int)take(z, 2);
        else times = symbol == 17 ? 3 + (int)take(z, 3) : 11 + (int)take(z, 7);
        if (n + times > wanted) return false;
        while (times--) lengths[n++] = value;
    }
    return true;
}

static bool own_codes(Inflate *z, uint16_t *literals, uint16_t *distances) {
    static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[320] = {0};
    int literal_count = 257 + (int)take(z, 5), distance_count = 1 + (int)take(z, 5), used = 4 + (int)take(z, 4);
    for (int i = 0; i < used; i++) lengths[order[i]] = (uint8_t)take(z, 3);
    if (!make_table(lengths, 19, literals)) return false;
    memset(lengths, 0, sizeof lengths);
    return read_lengths(z, lengths, literal_count + distance_count, literals) &&
           make_table(lengths, literal_count, literals) &&
           make_table(lengths + literal_count, distance_count, distances);
}

static void fixed_codes(uint16_t *literals, uint16_t *distances) {
    uint8_t lengths[288];
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    make_table(lengths, 288, literals);
    memset(lengths, 5, 30);
    make_table(lengths, 30, distances);
}

// What a compressed message says, in a buffer that the next call uses again; NULL for one that is not well formed.
static const uint8_t *inflate_message(const uint8_t *payload, size_t length, size_t *said) {
    static const uint8_t end[] = {0, 0, 0xff, 0xff, 3, 0};  // what senders leave out (RFC 7692 §7.2.1), and a last block
    static uint16_t literals[TABLE], distances[TABLE];
    static uint8_t *out, *whole;
    static size_t size;
    whole = realloc(whole, length + sizeof end);
    memcpy(whole, payload, length);
    memcpy(whole + length, end, sizeof end);
    Inflate z = {.at = whole, .end = whole + length + sizeof end, .out = out, .size = size};
    bool last = false, fine = true;
    while (fine && !last) {
        last = take(&z, 1);
        unsigned kind = take(&z, 2);
        if (kind == 0) fine = stored_block(&z);
        else if (kind == 1) fixed_codes(literals, distances), fine = coded_block(&z, literals, distances);
        else fine = kind == 2 && own_codes(&z, literals, distances) && coded_block(&z, literals, distances);
    }
    out = z.out;
    size = z.size;
    *said = z.used;
    return fine && !overrun(&z) ? out : NULL;
}
