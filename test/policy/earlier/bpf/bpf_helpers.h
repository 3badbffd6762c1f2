/* Stands in for libbpf's header where the earlier scheduler is compiled for the simulated machine.
 */
#ifndef SIM_BPF_HELPERS_H
#define SIM_BPF_HELPERS_H

#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, value) __typeof__(value)* name
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define __noinline __attribute__((noinline))

void* bpf_map_lookup_elem(void* map, const void* key);
long bpf_map_update_elem(void* map, const void* key, const void* value, __u64 flags);
long bpf_map_delete_elem(void* map, const void* key);
void* bpf_task_storage_get(void* map, struct task_struct* p, void* value, __u64 flags);
long bpf_task_storage_delete(void* map, struct task_struct* p);
struct task_struct* bpf_get_current_task_btf(void);
__u64 bpf_ktime_get_ns(void);
long bpf_probe_read_kernel(void* to, __u32 size, const void* from);
long bpf_probe_read_kernel_str(void* to, __u32 size, const void* from);

#endif /* SIM_BPF_HELPERS_H */
