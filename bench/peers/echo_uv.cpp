// Echo on libuv as one would write it for speed: a read buffer of `--buffer` bytes shared by all connections,
// writes tried at once.
#include <uv.h>

#include <vector>

#include "../program.hpp"

namespace {

std::vector<char> buffer;

void checked(int status, const char* what) {
  if (status < 0) {
    std::fprintf(stderr, "%s: %s\n", what, uv_strerror(status));
    std::exit(1);
  }
}

void lend_buffer(uv_handle_t*, size_t, uv_buf_t* lent) {
  *lent = uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
}

void close_client(uv_stream_t* client) {
  auto* handle = reinterpret_cast<uv_handle_t*>(client);
  if (!uv_is_closing(handle)) {
    uv_close(handle, [](uv_handle_t* closed) { delete reinterpret_cast<uv_tcp_t*>(closed); });
  }
}

struct PendingWrite {
  uv_write_t request;
  char* data;
};

void finish(uv_stream_t* client) {  // once what is queued has been sent
  auto* request = new uv_shutdown_t;
  int status = uv_shutdown(request, client, [](uv_shutdown_t* done, int) {
    close_client(done->handle);
    delete done;
  });
  if (status < 0) {
    delete request;
    close_client(client);
  }
}

void echo(uv_stream_t* client, ssize_t size, const uv_buf_t* read) {
  if (size < 0) return size == UV_EOF ? finish(client) : close_client(client);
  uv_buf_t unsent = uv_buf_init(read->base, static_cast<unsigned>(size));
  int sent = uv_try_write(client, &unsent, 1);
  if (sent == size) return;
  if (sent < 0 && sent != UV_EAGAIN) return close_client(client);

  auto rest = static_cast<std::size_t>(size - std::max(sent, 0));
  auto* pending = new PendingWrite{{}, new char[rest]};
  std::memcpy(pending->data, read->base + std::max(sent, 0), rest);
  pending->request.data = pending;
  unsent = uv_buf_init(pending->data, static_cast<unsigned>(rest));
  checked(uv_write(&pending->request, client, &unsent, 1,
                   [](uv_write_t* request, int) {
                     auto* done = static_cast<PendingWrite*>(request->data);
                     delete[] done->data;
                     delete done;
                   }),
          "uv_write");
}

void accept_client(uv_stream_t* listener, int status) {
  checked(status, "accept");
  auto* client = new uv_tcp_t;
  checked(uv_tcp_init(listener->loop, client), "uv_tcp_init");
  auto* stream = reinterpret_cast<uv_stream_t*>(client);
  checked(uv_accept(listener, stream), "uv_accept");
  checked(uv_tcp_nodelay(client, 1), "uv_tcp_nodelay");
  checked(uv_read_start(stream, lend_buffer, echo), "uv_read_start");
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port", "buffer"}};
  buffer.resize(static_cast<std::size_t>(arguments.number("buffer", 64 * 1024)));
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  checked(uv_tcp_init(loop, &listener), "uv_tcp_init");
  sockaddr_in address = bench::loopback(arguments.port());
  int length = sizeof address;
  checked(uv_tcp_bind(&listener, reinterpret_cast<sockaddr*>(&address), 0), "bind");
  checked(uv_listen(reinterpret_cast<uv_stream_t*>(&listener), SOMAXCONN, accept_client), "listen");
  checked(uv_tcp_getsockname(&listener, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
  bench::announce(ntohs(address.sin_port));
  return uv_run(loop, UV_RUN_DEFAULT);
}
