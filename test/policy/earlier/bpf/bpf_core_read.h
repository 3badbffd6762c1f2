/* Stands in for libbpf's header: the one chain of members that the earlier scheduler reads. */
#define BPF_CORE_READ(from, a, b, c, d) ((from)->a->b->c->d)
