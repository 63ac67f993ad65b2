/* SPDX-License-Identifier: MIT */
/* Stands for a kernel: GCC writes its types into .BTF, and scripts read its objects. */
typedef unsigned char fixture_byte;
typedef struct {
  int counter;
} fixture_atomic;

enum fixture_state { FIXTURE_IDLE = 3, FIXTURE_BUSY = 70000, FIXTURE_DEAD = -2 };

union fixture_value {
  unsigned long whole;
  struct {
    unsigned int low, high;
  };
  fixture_byte bytes[8];
};

struct fixture_later;

struct fixture_task {
  char comm[16];
  short number;
  enum fixture_state state;
  unsigned int narrow : 3;
  int negative : 5;
  unsigned long wide : 40;
  union fixture_value value;
  struct {
    int inside;
    union {
      long first;
      double ratio;
    };
  };
  struct fixture_task* parent;
  struct fixture_task** children;
  struct {
    struct fixture_task* next;
    int weights[2][2]; /* of equal dimensions: GCC 12 writes them in the wrong order */
  } links;
  fixture_atomic usage;
  const struct fixture_later* later;
  void (*call)(int);
  _Bool alive;
  int tail[];
};

static struct fixture_task* children[2];
static struct fixture_task child = {.comm = "child", .number = -7};
static struct fixture_task task = {
    .comm = "parent",
    .number = 258,
    .state = FIXTURE_BUSY,
    .narrow = 5,
    .negative = -3,
    .wide = 0x123456789a,
    .value = {.whole = 0x1122334455667788},
    .inside = 42,
    .ratio = 2.5,
    .parent = &task,
    .children = children,
    .links = {.next = &child, .weights = {{1, 2}, {4, 5}}},
    .usage = {9},
    .alive = 1,
    .tail = {100, 200},
};

/* The objects, one by one, the main one first; null behind the last. */
void* fixture_object(int index, unsigned long* size);
void* fixture_object(int index, unsigned long* size) {
  children[1] = &child;
  *size = index == 0 ? sizeof(task) + 2 * sizeof(int) : index == 1 ? sizeof(child) : sizeof(children);
  return index == 0 ? (void*)&task : index == 1 ? (void*)&child : index == 2 ? (void*)children : (void*)0;
}
