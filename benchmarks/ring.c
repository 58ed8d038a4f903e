/* A ring of threads that pass a token with POSIX semaphores: the yardstick of a hand-over.
   Usage: ring THREADS ROUNDS; prints nanoseconds per hand-over. Pinned to one processor. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int count, rounds;
static sem_t *batons;

static void *pass(void *argument) {
    int me = (int)(long)argument, next = (me + 1) % count;
    for (int i = 0; i < rounds; i++) {
        sem_wait(&batons[me]);
        sem_post(&batons[next]);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    count = atoi(argv[1]);
    rounds = atoi(argv[2]);
    cpu_set_t one, allowed;
    sched_getaffinity(0, sizeof allowed, &allowed);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &allowed)) { CPU_SET(i, &one); break; }
    sched_setaffinity(0, sizeof one, &one);
    batons = calloc(count, sizeof *batons);
    pthread_t *threads = calloc(count, sizeof *threads);
    for (int i = 0; i < count; i++) sem_init(&batons[i], 0, 0);
    for (long i = 0; i < count; i++) pthread_create(&threads[i], NULL, pass, (void *)i);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    sem_post(&batons[0]);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double ns = (end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec);
    printf("%.1f\n", ns / ((double)count * rounds));
    return 0;
}
