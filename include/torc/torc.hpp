// What most programs use of torc's core: results, the reactor, connections. Locks, queues, race, retry and the like,
// and the protocols, have headers of their own (torc/async/lock.hpp, torc/http.hpp, ...).
#pragma once

#include <torc/async/channel.hpp>
#include <torc/async/cooperator.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/context.hpp>
#include <torc/async/deferred.hpp>
#include <torc/async/fiber.hpp>
#include <torc/async/gather.hpp>
#include <torc/async/generator.hpp>
#include <torc/async/looping_call.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/address.hpp>
#include <torc/base/bytes.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>
#include <torc/base/version.hpp>
#include <torc/endpoint/listen.hpp>
#include <torc/net/port.hpp>
#include <torc/net/protocol.hpp>
#include <torc/net/stream.hpp>
#include <torc/reactor/background_reactor.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/run.hpp>
#include <torc/reactor/signals.hpp>
#include <torc/reactor/threads.hpp>
