// What Asio's errors mean to a wire. Private to this folder.
#pragma once

#include "net/wire.h"

namespace boost::system {
class error_code;
}

namespace lips {

WireEnd EndOf(const boost::system::error_code& error);

}  // namespace lips
