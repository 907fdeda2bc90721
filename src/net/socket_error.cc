#include "net/socket_error.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/error_code.hpp>

namespace lips {

WireEnd EndOf(const boost::system::error_code& error) {
  if (!error) return WireEnd::kOk;
  // A peer that drops TLS without its goodbye has ended all the same: what is framed above knows whether all is there.
  if (error == boost::asio::error::eof || error == boost::asio::ssl::error::stream_truncated) return WireEnd::kEnded;
  if (error == boost::asio::error::operation_aborted || error == boost::asio::error::bad_descriptor) {
    return WireEnd::kClosed;
  }
  return WireEnd::kFailed;
}

}  // namespace lips
