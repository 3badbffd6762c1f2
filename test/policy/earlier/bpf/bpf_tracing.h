/* Stands in for libbpf's header: a program is a function. */
#define BPF_PROG(name, ...) name(__VA_ARGS__)
