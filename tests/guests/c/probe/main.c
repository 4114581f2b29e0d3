// The smallest useful plugin in C, without a C library: logs the payload of each event, and returns
// a panel's address as a struct, which the C ABI turns into a hidden first parameter.
typedef unsigned int u32;

#define IMPORT(name) __attribute__((import_module("ohd"), import_name(#name))) extern

IMPORT(ohd_log) void ohd_log(const void *ptr, u32 len, u32 level);

typedef struct {
    const char *ptr;
    u32 len;
} text;

extern unsigned char __heap_base;

static u32 next;

// Never frees: what the host puts here in a test is small. Grows the memory when it must.
u32 ohd_alloc(u32 size) {
    if (!next) next = ((u32)&__heap_base + 15) & ~15u;
    u32 start = next;
    u32 end = start + ((size + 15) & ~15u);
    u32 have = __builtin_wasm_memory_size(0) << 16;
    if (end < start) return 0;
    if (end > have && __builtin_wasm_memory_grow(0, (end - have + 0xffff) >> 16) == (u32)-1) return 0;
    next = end;
    return start;
}

void ohd_free(u32 ptr, u32 size) {
    if (ptr + ((size + 15) & ~15u) == next) next = ptr;
}

void on_event(const void *ptr, u32 len) { ohd_log(ptr, len, 1); }

static char url[128] = "https://panel.example.com/c/";

text render_panel(const char *id, u32 len) {
    u32 at = 28;
    for (u32 i = 0; i < len && at < sizeof url; i++) url[at++] = id[i];
    text result = {url, at};
    return result;
}
