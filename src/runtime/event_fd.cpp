#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "loquat/runtime/event_loop.hpp"

namespace loquat::runtime {

namespace asio = boost::asio;

namespace {
int open_event_fd() {
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}
}  // namespace

struct EventFd::State {
  explicit State(const Executor& executor) : descriptor(executor, open_event_fd()) {
    fd = descriptor.native_handle();
  }
  asio::posix::stream_descriptor descriptor;
  int fd = -1;
};

EventFd::EventFd(Executor executor) : state_(std::make_unique<State>(std::move(executor))) {}
EventFd::~EventFd() = default;

void EventFd::wake() noexcept {
  const std::uint64_t one = 1;
  // It can fail only if 2^64 - 2 wakes are pending, which is awake enough.
  [[maybe_unused]] const auto written = ::write(state_->fd, &one, sizeof one);
}
int EventFd::fd() const noexcept { return state_->fd; }

Task<void> EventFd::wait() {
  std::uint64_t count = 0;
  while (::read(state_->fd, &count, sizeof count) < 0) {
    co_await state_->descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                                           asio::use_awaitable);
  }
}

}  // namespace loquat::runtime
