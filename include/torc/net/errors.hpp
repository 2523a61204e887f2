// How connections end and why they do not begin.
//
//   ConnectionClosed            any end of an established connection
//     ConnectionDone            in order: the peer closed, or we did
//     ConnectionLost            cut: reset, network error, time limit
//       ConnectionAborted       we cut it ourselves
//       BufferFull              we cut it: the peer does not read and the write limit is reached
//   ConnectError                no connection came about
//   CannotListen                no port could be opened
//   CannotRelease               a connection is in use and stays where it is
#pragma once

#include <torc/base/errors.hpp>

namespace torc {

class ConnectionClosed : public Error {
 public:
  using Error::Error;
};
class ConnectionDone : public ConnectionClosed {
 public:
  ConnectionDone() : ConnectionClosed("connection closed") {}
};
class ConnectionLost : public ConnectionClosed {
 public:
  using ConnectionClosed::ConnectionClosed;
};
class ConnectionAborted : public ConnectionLost {
 public:
  ConnectionAborted() : ConnectionLost("connection aborted") {}
};
class BufferFull : public ConnectionLost {
 public:
  using ConnectionLost::ConnectionLost;
};

class ConnectError : public Error {
 public:
  using Error::Error;
};
class CannotListen : public Error {
 public:
  using Error::Error;
};
class CannotRelease : public Error {
 public:
  using Error::Error;
};

}  // namespace torc
