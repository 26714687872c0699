/* C11 threads over pthread, for ThreadSanitizer builds only.
 *
 * ThreadSanitizer intercepts pthread_*, but not the thrd_*, mtx_* and cnd_* of glibc that
 * Debian's librdkafka calls (the pinned one does not): its threads then run without the
 * sanitizer's per-thread state and crash in the first instrumented callback. Linked into an
 * executable with -rdynamic, these definitions come before glibc's, and everything goes through
 * what it intercepts.
 *
 * The objects live in the caller's own mtx_t and cnd_t, which in glibc are as large as pthread's.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t),
               "a mutex must fit where the caller keeps it");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t),
               "a condition must fit where the caller keeps it");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "thread ids are passed through");
_Static_assert(sizeof(tss_t) == sizeof(pthread_key_t), "keys are passed through");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "flags are passed through");

static int answer(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case ENOMEM:
      return thrd_nomem;
    case ETIMEDOUT:
      return thrd_timedout;
    case EBUSY:
      return thrd_busy;
    default:
      return thrd_error;
  }
}

static pthread_mutex_t* mutex_of(mtx_t* mutex) { return (pthread_mutex_t*)(void*)mutex; }
static pthread_cond_t* condition_of(cnd_t* condition) { return (pthread_cond_t*)(void*)condition; }

struct start {
  thrd_start_t run;
  void* argument;
};

static void* run_start(void* raw) {
  struct start start = *(struct start*)raw;
  free(raw);
  return (void*)(intptr_t)start.run(start.argument);
}

int thrd_create(thrd_t* thread, thrd_start_t run, void* argument) {
  struct start* start = malloc(sizeof *start);
  if (!start) return thrd_nomem;
  start->run = run;
  start->argument = argument;
  int error = pthread_create((pthread_t*)thread, NULL, run_start, start);
  if (error) free(start);
  return answer(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* raw = NULL;
  int error = pthread_join((pthread_t)thread, &raw);
  if (!error && result) *result = (int)(intptr_t)raw;
  return answer(error);
}

thrd_t thrd_current(void) { return (thrd_t)pthread_self(); }
int thrd_equal(thrd_t left, thrd_t right) {
  return pthread_equal((pthread_t)left, (pthread_t)right);
}
int thrd_detach(thrd_t thread) { return answer(pthread_detach((pthread_t)thread)); }
void thrd_yield(void) { sched_yield(); }
_Noreturn void thrd_exit(int result) { pthread_exit((void*)(intptr_t)result); }

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (type & mtx_recursive) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  int error = pthread_mutex_init(mutex_of(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return answer(error);
}

void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(mutex_of(mutex)); }
int mtx_lock(mtx_t* mutex) { return answer(pthread_mutex_lock(mutex_of(mutex))); }
int mtx_trylock(mtx_t* mutex) { return answer(pthread_mutex_trylock(mutex_of(mutex))); }
int mtx_unlock(mtx_t* mutex) { return answer(pthread_mutex_unlock(mutex_of(mutex))); }
int mtx_timedlock(mtx_t* mutex, const struct timespec* until) {
  return answer(pthread_mutex_timedlock(mutex_of(mutex), until));
}

int cnd_init(cnd_t* condition) { return answer(pthread_cond_init(condition_of(condition), NULL)); }
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(condition_of(condition)); }
int cnd_signal(cnd_t* condition) { return answer(pthread_cond_signal(condition_of(condition))); }
int cnd_broadcast(cnd_t* condition) {
  return answer(pthread_cond_broadcast(condition_of(condition)));
}
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return answer(pthread_cond_wait(condition_of(condition), mutex_of(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const struct timespec* until) {
  return answer(pthread_cond_timedwait(condition_of(condition), mutex_of(mutex), until));
}

int tss_create(tss_t* key, tss_dtor_t destroy) {
  return answer(pthread_key_create((pthread_key_t*)key, destroy));
}
void tss_delete(tss_t key) { pthread_key_delete((pthread_key_t)key); }
void* tss_get(tss_t key) { return pthread_getspecific((pthread_key_t)key); }
int tss_set(tss_t key, void* value) {
  return answer(pthread_setspecific((pthread_key_t)key, value));
}

void call_once(once_flag* flag, void (*run)(void)) {
  pthread_once((pthread_once_t*)(void*)flag, run);
}
