// Why a datagram did not get where it was sent, as far as anybody says so.
//
//   DatagramError              any of these; the socket goes on
//     DatagramRefused          nobody listens there
//     DatagramUnreachable      no way there: the network, a host or a filter says so
//     DatagramTooLarge         more than the protocol, the socket or the path carries
//     DatagramQueueFull        too many wait here already for the socket to take them
//   DatagramsStopped           the socket was closed (how a protocol and its waits end)
#pragma once

#include <torc/net/errors.hpp>

namespace torc {

class DatagramError : public Error {
 public:
  using Error::Error;
};
class DatagramRefused : public DatagramError {
 public:
  using DatagramError::DatagramError;
};
class DatagramUnreachable : public DatagramError {
 public:
  using DatagramError::DatagramError;
};
class DatagramTooLarge : public DatagramError {
 public:
  using DatagramError::DatagramError;
};
class DatagramQueueFull : public DatagramError {
 public:
  using DatagramError::DatagramError;
};

class DatagramsStopped : public ConnectionClosed {
 public:
  DatagramsStopped() : ConnectionClosed("the datagram socket was closed") {}
};

}  // namespace torc
