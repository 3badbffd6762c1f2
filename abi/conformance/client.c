/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * The client in C that conformance.c leads: schedhint_client.h, and a thread for each name. Its
 * collections are played. SCHEDHINT_BROKER names a broker's socket, to go by that.
 */
#include <schedhint/schedhint_client.h>

#include <poll.h>
#include <stdlib.h>

#define MAX_THREADS 8

/* For a client that breaks a rule at a step. */
#ifndef AFTER
#define AFTER(step, handle)
#endif

static struct schedhint_client client;

static struct thread {
	struct schedhint_handle handle;
	__u64 groups;
	pthread_t id;
	char name[32], command[256], answer[64];
	int has_command, is_new;
} threads[MAX_THREADS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void write_group(struct thread *thread)
{
	__u64 k = ++thread->groups;
	struct schedhint_hints hints = {0};

	hints.deadline_ns = k;
	hints.urgency = (__u32)(k % 1024 + 1);
	hints.user = 3 * k;
	schedhint_set(&thread->handle, &hints);
	AFTER("group", &thread->handle);
}

static void write_groups(struct thread *thread, __u64 ms)
{
	__u64 end = schedhint_now(&client.memory) + ms * 1000000;

	while (schedhint_now(&client.memory) < end)
		for (int i = 0; i < 1000; i++)
			write_group(thread);
}

static void collect(struct thread *thread, __u32 kind)
{
	__u64 end = schedhint_now(&client.memory) + 2000000;

	schedhint_gc_begin(&thread->handle, kind, 0);
	AFTER("begin", &thread->handle);
	while (schedhint_now(&client.memory) < end)
		;
	schedhint_gc_end(&thread->handle);
	AFTER("end", &thread->handle);
}

/* In the thread that is named. */
static void obey(struct thread *thread)
{
	struct schedhint_handle *handle = &thread->handle;
	char verb[32], word[32];
	long first = 0, second = 0;
	int error = 0;

	strcpy(thread->answer, "ok");
	word[0] = 0;
	sscanf(thread->command, "%31s %*s %31s %ld", verb, word, &second);
	first = atol(word);
	if (!strcmp(verb, "attach")) {
		error = schedhint_attach(&client, handle,
					 strcmp(word, "main") ? SCHEDHINT_ROLE_WORKER
							      : SCHEDHINT_ROLE_MAIN);
		sprintf(thread->answer, "ok %d", (int)syscall(SYS_gettid));
		AFTER("attach", handle);
	} else if (!strcmp(verb, "urgency")) {
		schedhint_set_urgency(handle, (__u32)first, (__u32)second);
		AFTER("urgency", handle);
	} else if (!strcmp(verb, "phase")) {
		schedhint_set_phase(handle, (enum schedhint_phase)first);
	} else if (!strcmp(verb, "groups")) {
		write_groups(thread, (__u64)first);
	} else if (!strcmp(verb, "collect")) {
		collect(thread, strcmp(word, "minor") ? SCHEDHINT_GC_MAJOR : SCHEDHINT_GC_MINOR);
	} else if (!strcmp(verb, "detach")) {
		error = schedhint_detach(handle);
		AFTER("detach", handle);
	}
	if (error)
		sprintf(thread->answer, "error step %d: %s", (int)client.map.failure.step,
			strerror(-error));
}

static void *live(void *argument)
{
	struct thread *thread = (struct thread *)argument;

	pthread_mutex_lock(&lock);
	for (;;) {
		while (!thread->has_command)
			pthread_cond_wait(&changed, &lock);
		pthread_mutex_unlock(&lock);
		obey(thread);
		pthread_mutex_lock(&lock);
		thread->has_command = 0;
		pthread_cond_broadcast(&changed);
	}
	return NULL;
}

static struct thread *find(const char *name)
{
	struct thread *thread = threads;

	while (thread->name[0] && strcmp(thread->name, name))
		thread++;
	thread->is_new = !thread->name[0];
	strcpy(thread->name, name);
	return thread;
}

static void pass_on(const char *command, const char *name)
{
	struct thread *thread = find(name);

	strcpy(thread->command, command);
	if (!strcmp(name, "main")) {
		obey(thread);
	} else {
		if (thread->is_new && pthread_create(&thread->id, NULL, live, thread))
			exit(1);
		pthread_mutex_lock(&lock);
		thread->has_command = 1;
		pthread_cond_broadcast(&changed);
		while (thread->has_command)
			pthread_cond_wait(&changed, &lock);
		pthread_mutex_unlock(&lock);
	}
	puts(thread->answer);
}

int main(void)
{
	struct schedhint_options options = {getenv("SCHEDHINT_MAP"), getenv("SCHEDHINT_BROKER"),
					    SCHEDHINT_RUNTIME_PRIVATE, SCHEDHINT_F_GC_LIVE};
	struct pollfd input = {STDIN_FILENO, POLLIN, 0};
	char command[256], verb[32], name[32];

	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	if (options.broker && !options.broker[0])
		options.broker = NULL;
	if (schedhint_client_init(&client, &options))
		return 1;
	AFTER("init", NULL);
	for (;;) {
		if (poll(&input, 1, 100) <= 0) {
			schedhint_poll(&client);
			AFTER("poll", NULL);
			continue;
		}
		if (!fgets(command, sizeof(command), stdin) ||
		    sscanf(command, "%31s %31s", verb, name) < 1)
			return 1;
		if (!strcmp(verb, "end")) {
			puts("ok");
			return 0;
		}
		pass_on(command, name);
	}
}
