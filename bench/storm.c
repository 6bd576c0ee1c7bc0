/* Sends HTTP requests to 127.0.0.1 as fast as they are answered, over so many connections, and prints how many there
 * were and how long that took. What is sent stands in files, whole and to the byte: it need be no HTTP. A connection
 * that is closed is opened again. Run by bench/serve.py and by tests/integration/test_hostile.py.
 *
 *     storm PORT REQUESTS CONNECTIONS FILE... */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 256
#define FILE_BYTES_MAX (256 * 1024)
#define CONNECTIONS_MAX 512
#define READ_BYTES (64 * 1024)
#define PATIENCE_MS 10 /* without any news: who is left waits for the rest of a request, and is closed */

struct file {
    char *bytes;
    size_t length;
};

struct peer {
    int socket;
    size_t file, sent; /* which request, and how much of it is under way */
    bool answered;     /* something of its answer has come */
};

static struct file files[FILES_MAX];
static struct peer peers[CONNECTIONS_MAX];
static size_t files_count, peers_count;
static unsigned long begun, wanted, answers, good;
static struct sockaddr_in address;
static int epoll;

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void read_file(const char *path)
{
    struct file *file = &files[files_count++];
    FILE *in = fopen(path, "rb");
    file->bytes = malloc(FILE_BYTES_MAX);
    if (in == NULL || file->bytes == NULL)
        die(path);
    file->length = fread(file->bytes, 1, FILE_BYTES_MAX, in);
    (void)fclose(in);
}

static void open_peer(struct peer *peer)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = peer};
    peer->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (peer->socket < 0)
        die("socket");
    if (connect(peer->socket, (const struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
        die("connect");
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, peer->socket, &event) != 0)
        die("epoll");
}

/* Goes without a word: no port is kept for later. */
static void close_peer(struct peer *peer)
{
    const struct linger at_once = {.l_onoff = 1};
    (void)setsockopt(peer->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(peer->socket);
    peer->socket = -1;
}

/* The next request of a peer; false where there are no more. */
static bool next(struct peer *peer)
{
    if (begun == wanted)
        return false;
    peer->file = begun++ % files_count;
    peer->sent = 0;
    peer->answered = false;
    return true;
}

static void send_on(struct peer *peer)
{
    const struct file *file = &files[peer->file];
    while (peer->sent < file->length) {
        ssize_t sent = send(peer->socket, file->bytes + peer->sent, file->length - peer->sent, MSG_NOSIGNAL);
        if (sent < 0)
            return; /* later; or it is closed, which shows when it is read */
        peer->sent += (size_t)sent;
    }
}

/* Reads what is there; true where the peer is closed. */
static bool read_on(struct peer *peer)
{
    static char bytes[READ_BYTES];
    ssize_t length;
    while ((length = recv(peer->socket, bytes, sizeof bytes, 0)) > 0) {
        if (!peer->answered && length >= 12 && memcmp(bytes, "HTTP/1.", 7) == 0) {
            answers++;
            good += bytes[9] == '2';
        }
        peer->answered = true;
    }
    return length == 0 || errno != EAGAIN;
}

static void on_event(struct peer *peer)
{
    bool closed = read_on(peer);
    if (closed) {
        close_peer(peer);
        if (next(peer))
            open_peer(peer);
        return;
    }
    if (peer->answered && peer->sent == files[peer->file].length && !next(peer)) {
        close_peer(peer);
        return;
    }
    send_on(peer);
}

/* Nothing happens any more: whoever is left waits for the rest of a request. */
static void close_silent(void)
{
    for (size_t i = 0; i < peers_count; i++) {
        if (peers[i].socket < 0)
            continue;
        close_peer(&peers[i]);
        if (next(&peers[i]))
            open_peer(&peers[i]);
    }
}

static bool is_open(void)
{
    for (size_t i = 0; i < peers_count; i++)
        if (peers[i].socket >= 0)
            return true;
    return false;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct epoll_event events[CONNECTIONS_MAX];
    if (argc < 5 || argc - 4 > FILES_MAX || atoi(argv[3]) < 1 || atoi(argv[3]) > CONNECTIONS_MAX) {
        (void)fprintf(stderr, "usage: %s PORT REQUESTS CONNECTIONS FILE...\n", argv[0]);
        return 2;
    }
    address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    wanted = strtoul(argv[2], NULL, 10);
    peers_count = (size_t)atoi(argv[3]);
    for (int i = 4; i < argc; i++)
        read_file(argv[i]);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    double began_s = now_s();
    for (size_t i = 0; i < peers_count; i++) {
        peers[i].socket = -1;
        if (next(&peers[i]))
            open_peer(&peers[i]);
    }
    while (is_open()) {
        int count = epoll_wait(epoll, events, CONNECTIONS_MAX, PATIENCE_MS);
        for (int i = 0; i < count; i++)
            on_event(events[i].data.ptr);
        if (count == 0)
            close_silent();
    }
    (void)printf("%lu requests, %lu answers, %lu of them good, %.3f s\n", begun, answers, good, now_s() - began_s);
    return 0;
}
