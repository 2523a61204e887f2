// A result is moved from its producer to whoever waits: that cannot fail half-way.
// refused: a result must be movable without throwing
#include <torc/torc.hpp>

struct Reply {
  Reply() = default;
#ifdef REFUSED
  Reply(Reply&&);
#else
  Reply(Reply&&) noexcept;
#endif
};

torc::Deferred<Reply> pass(torc::Deferred<Reply> reply) { return reply; }
