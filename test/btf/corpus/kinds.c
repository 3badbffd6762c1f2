// Every kind of BTF that clang writes. make-corpus.mjs compiles it for both byte orders.
typedef unsigned char __u8;
typedef unsigned int __u32;
typedef unsigned long long __u64;
#define SEC(name) __attribute__((section(name), used))
#define __uptr __attribute__((btf_type_tag("uptr")))
#define __tag __attribute__((btf_decl_tag("tagged")))

enum small { SMALL_A, SMALL_B = 7 };
enum negative { NEGATIVE = -5, POSITIVE = 5 };
enum wide { WIDE = 0x123456789abcdefULL };
struct forward;

struct inner {
  __u32 flag : 1;
  __u32 level : 7;
  __u32 : 4;
  __u32 rest : 20;
  float ratio;
};

struct user_data {
  __u64 deadline;
  enum small small;
  enum negative negative;
  enum wide wide;
  struct inner inner, more[2];
  union {
    __u64 whole;
    struct {
      __u32 low, high;
    };
  };
  _Bool on;
  char name[16];
  const volatile double number __tag;
  struct user_data* restrict next;
  struct forward* forward;
} __tag;

struct value {
  struct user_data __uptr* udata;
  __u64 plain;
  struct {
    struct user_data __uptr* udata;
  } nested;
};

static struct user_data* whole __attribute__((used));

struct {
  int (*type)[29];
  int (*map_flags)[1];
  int* key;
  struct value* value;
} datamap SEC(".maps");

extern int outside(int a, char b);
static __attribute__((noinline)) int inside(struct user_data* data) {
  return data->on + outside(1, 'b');
}
int entry(struct user_data* data) {
  return inside(data);
}
