/* What a C program asks of the cage: threads and their end, memory that grows, clocks, a socket. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int done;

static void *work(void *unused) {
  char *block = malloc(100);
  for (size_t size = 100; size < (1u << 22); size *= 2) {
    block = realloc(block, size);
    memset(block, 1, size);
  }
  free(block);
  pthread_mutex_lock(&lock);
  done++;
  pthread_mutex_unlock(&lock);
  return unused;
}

int main(void) {
  pthread_t threads[8];
  for (int i = 0; i < 8; i++)
    if (pthread_create(&threads[i], NULL, work, NULL)) return 11;
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  struct timespec moment = {0, 1000000};
  nanosleep(&moment, NULL);
  time_t now = time(NULL);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/s", getenv("PLUGIN_UNIX_SOCKET_DIR"));
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1)) return 12;
  fprintf(stderr, "%d threads, %s", done, gmtime(&now)->tm_year >= 125 ? "in time" : "no clock");
  return 42;
}
