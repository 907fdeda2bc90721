// TLS: certificates, and wires that encrypt.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "net/wire.h"

namespace boost::asio::ssl {
class context;
}

namespace lips {

// Keys and rules of one side, shared by all its connections. TLS 1.2 and later.
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// PEM files: the certificate with its chain, and its key. Errors: kIo, kInvalidInput (no such certificate or key, or
// they do not belong together), naming the file.
Result<TlsContext> LoadTlsServer(const Path& certificate, const Path& key);

// Whom a client trusts: the system's authorities, or only those of `authority` (PEM). Errors: as above.
Result<TlsContext> LoadTlsClient(const std::optional<Path>& authority);

// Shakes hands as the server, or as a client of the host named `server_name`, then gives the wire; null when the other
// side does not speak TLS, takes longer than `limit`, or (client) is not who it should be.
using WireReady = Once<void(std::unique_ptr<Wire>)>;
void AcceptTls(Loop& loop, Socket socket, TlsContext context, std::chrono::milliseconds limit, WireReady done);
void ConnectTls(Loop& loop, Socket socket, TlsContext context, const std::string& server_name,
                std::chrono::milliseconds limit, WireReady done);

}  // namespace lips
