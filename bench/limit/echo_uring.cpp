// The limit of an echo server on io_uring: one call of the kernel a turn. Accepting and receiving complete again and
// again, receives share buffers, and what came is sent from where it lies.
#include <liburing.h>
#include <sys/mman.h>

#include "../program.hpp"

namespace {

constexpr unsigned kBuffers = 128, kSize = 16 * 1024, kBuffersMask = kBuffers - 1;

// What a completion is of: the upper half says, the lower is a descriptor, and for sends a buffer above it.
enum Kind : std::uint64_t { kAccept = 1, kReceive, kSend };
std::uint64_t tag(Kind kind, int fd, unsigned buffer = 0) {
  return static_cast<std::uint64_t>(kind) << 56 | static_cast<std::uint64_t>(buffer) << 32 | static_cast<unsigned>(fd);
}

class Server {
 public:
  explicit Server(int listener) {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    params.cq_entries = 4096;
    errno = -io_uring_queue_init_params(256, &ring_, &params);
    if (errno != 0) bench::fail("io_uring_queue_init_params");
    memory_ = static_cast<char*>(map(std::size_t{kBuffers} * kSize));
    buffers_ = static_cast<io_uring_buf_ring*>(map(kBuffers * sizeof(io_uring_buf)));
    io_uring_buf_ring_init(buffers_);
    io_uring_buf_reg about{};
    about.ring_addr = reinterpret_cast<__u64>(buffers_);
    about.ring_entries = kBuffers;
    errno = -io_uring_register_buf_ring(&ring_, &about, 0);
    if (errno != 0) bench::fail("io_uring_register_buf_ring");
    for (unsigned i = 0; i < kBuffers; ++i) give_back(i);
    io_uring_prep_multishot_accept(entry(tag(kAccept, listener)), listener, nullptr, nullptr, SOCK_CLOEXEC);
  }

  [[noreturn]] void serve() {
    for (;;) {
      io_uring_submit_and_wait(&ring_, 1);
      unsigned head, count = 0;
      io_uring_cqe* each;
      io_uring_for_each_cqe(&ring_, head, each) {
        ++count;
        completed(*each);
      }
      io_uring_cq_advance(&ring_, count);
    }
  }

 private:
  static void* map(std::size_t size) {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (memory == MAP_FAILED) bench::fail("mmap");
    return memory;
  }
  io_uring_sqe* entry(std::uint64_t tag) {
    io_uring_sqe* made = io_uring_get_sqe(&ring_);
    if (!made) {
      io_uring_submit(&ring_);
      made = io_uring_get_sqe(&ring_);
    }
    // Preparing an entry leaves its tag alone.
    io_uring_sqe_set_data64(made, tag);
    return made;
  }
  void give_back(unsigned buffer) {
    io_uring_buf_ring_add(buffers_, memory_ + std::size_t{buffer} * kSize, kSize, static_cast<unsigned short>(buffer),
                          kBuffersMask, 0);
    io_uring_buf_ring_advance(buffers_, 1);
  }
  void receive(int fd) {
    io_uring_sqe* made = entry(tag(kReceive, fd));
    io_uring_prep_recv_multishot(made, fd, nullptr, 0, 0);
    made->flags |= IOSQE_BUFFER_SELECT;
  }
  void completed(const io_uring_cqe& cqe) {
    const std::uint64_t tagged = io_uring_cqe_get_data64(&cqe);
    const int fd = static_cast<int>(tagged & 0xffffffff);
    switch (static_cast<Kind>(tagged >> 56)) {
      case kAccept:
        if (bench::check(cqe.res, "accept") >= 0) {
          bench::set_nodelay(cqe.res);
          receive(cqe.res);
        }
        break;
      case kReceive:
        if (cqe.res > 0) {
          const unsigned buffer = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
          io_uring_prep_send(entry(tag(kSend, fd, buffer)), fd, memory_ + std::size_t{buffer} * kSize,
                             static_cast<std::size_t>(cqe.res), MSG_NOSIGNAL | MSG_WAITALL);
        }
        if ((cqe.flags & IORING_CQE_F_MORE) != 0) break;
        cqe.res > 0 || cqe.res == -ENOBUFS ? receive(fd) : static_cast<void>(close(fd));
        break;
      case kSend:
        give_back(tagged >> 32 & kBuffersMask);
        break;
    }
  }

  io_uring ring_;
  char* memory_;
  io_uring_buf_ring* buffers_;
};

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  const auto [listener, port] = bench::listen_on(arguments.port());
  Server server(listener);
  bench::announce(port);
  server.serve();
}
