// A Deferred gives a value that it owns, not a reference to something that may be gone by then.
// refused: a Deferred gives a value: use a pointer or std::reference_wrapper
#include <torc/torc.hpp>

struct Session {};

#ifdef REFUSED
void keep(torc::Deferred<Session&> found);
void find(torc::Deferred<Session&> found) { keep(std::move(found)); }
#else
void keep(torc::Deferred<Session*> found);
void find(torc::Deferred<Session*> found) { keep(std::move(found)); }
#endif
