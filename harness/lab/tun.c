/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int lab_tun_open(int *fd, const char **step)
{
    *step = "/dev/net/tun";
    int opened = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (opened < 0) {
        return errno;
    }
    struct ifreq wish = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    memcpy(wish.ifr_name, LAB_TUN_DEVICE, sizeof LAB_TUN_DEVICE);
    *step = "TUN device";
    /* Persistent within its namespace: closing it costs nothing then, and the kernel clears all namespaces
     * that nobody uses any more together, by itself. */
    if (ioctl(opened, TUNSETIFF, &wish) != 0 || ioctl(opened, TUNSETPERSIST, 1UL) != 0) {
        int err = errno;
        (void)close(opened);
        return err;
    }
    *fd = opened;
    return 0;
}

int lab_tun_read(int fd, gosc_buf room, gosc_span *packet)
{
    ssize_t n = read(fd, room.ptr, room.len);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    *packet = gosc_span_of(room.ptr, (size_t)n);
    return 1;
}

bool lab_tun_write(int fd, gosc_span packet)
{
    ssize_t n = -1;
    do {
        n = write(fd, packet.ptr, packet.len);
    } while (n < 0 && errno == EINTR);
    return n >= 0 && (size_t)n == packet.len;
}
