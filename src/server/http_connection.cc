#include "server/http_connection.h"

#include <array>
#include <utility>

#include "server/answer.h"

namespace lips {
namespace {

constexpr size_t kReadBytes = 8 << 10;

}  // namespace

HttpConnection::HttpConnection(Loop& loop, std::unique_ptr<Wire> wire, std::string peer, bool secure,
                               const HttpConnectionOptions& options, const Handlers& handlers)
    : wire_(std::move(wire)),
      peer_(std::move(peer)),
      secure_(secure),
      options_(options),
      handlers_(handlers),
      parser_(options.limits),
      buffer_(kReadBytes),
      patience_(loop) {}

void HttpConnection::Start() {
  patience_.After(options_.request_limit, [self = shared_from_this()] { self->End(); });
  Read();
}

void HttpConnection::Drain() {
  draining_ = true;
  keep_alive_ = false;
  if (!visit_ && !parser_.started()) End();
}

void HttpConnection::Close() { End(); }

void HttpConnection::Read() {
  if (std::exchange(reading_, true)) return;
  wire().ReadSome(buffer_,
                  WireDone([self = shared_from_this()](WireEnd end, size_t bytes) { self->OnRead(end, bytes); }));
}

void HttpConnection::OnRead(WireEnd end, size_t bytes) {
  reading_ = false;
  if (ended_) return;
  if (end != WireEnd::kOk) return End();
  if (finishing_) return Read();
  if (!reading_request_) {
    reading_request_ = true;
    patience_.After(options_.request_limit, [self = shared_from_this()] {
      self->keep_alive_ = false;
      self->Send(ErrorAnswer(408, "request_too_slow", "the request took too long"));
    });
  }
  parser_.Feed(std::span(buffer_).first(bytes));
  OnRequest();
}

void HttpConnection::OnRequest() {
  if (const HttpFault* fault = parser_.fault()) {
    keep_alive_ = false;
    const char* code = fault->status == 431 ? "header_too_big" : fault->status == 413 ? "body_too_big" : "bad_request";
    return Send(ErrorAnswer(
        fault->status, code,
        fault->status == 400 ? "this is no HTTP request: " + fault->why : "the request is too big: " + fault->why));
  }
  if (!parser_.complete()) {
    if (parser_.has_head() && parser_.expects_continue() && !std::exchange(continued_, true)) {
      return WriteParts({TextBody("HTTP/1.1 100 Continue\r\n\r\n")}, [this] { Read(); });
    }
    return Read();
  }
  patience_.Cancel();
  reading_request_ = false;
  continued_ = false;
  visit_ = std::make_shared<Visit>();
  visit_->request = parser_.Take();
  visit_->peer = peer_;
  visit_->secure = secure_;
  keep_alive_ = visit_->request.keep_alive && !draining_;
  auto target = ParseTarget(visit_->request.target);
  if (!target.ok()) return Send(ErrorAnswer(400, "bad_target", target.error().message()));
  visit_->target = std::move(target).value();
  handlers_.answer(visit_,
                   Once<void(Answer)>([self = shared_from_this()](Answer answer) { self->Reply(std::move(answer)); }));
}

void HttpConnection::Reply(Answer answer) {
  if (ended_) return;
  if (auto* response = std::get_if<HttpResponse>(&answer)) return Send(std::move(*response));
  if (auto* watch = std::get_if<WatchGrant>(&answer)) return SendWatch(std::move(*watch));
  ended_ = true;
  patience_.Cancel();
  handlers_.upgrade(std::move(wire_), parser_.TakeRest(), *visit_, std::get<StreamGrant>(answer));
  handlers_.gone(this);
}

void HttpConnection::Send(HttpResponse response) {
  handlers_.answered(response.status);
  std::vector<OwnedBytes> parts;
  parts.push_back(TextBody(ResponseHead(response, static_cast<int64_t>(response.body.bytes.size()), keep_alive_)));
  const bool only_head = visit_ && visit_->Is("HEAD");
  if (!only_head && !response.body.bytes.empty()) parts.push_back(std::move(response.body));
  WriteParts(std::move(parts), [this] { AfterAnswer(); });
}

void HttpConnection::SendWatch(WatchGrant grant) {
  handlers_.answered(grant.head.status);
  keep_alive_ = false;
  watched_ = std::move(grant.body);
  WriteParts({TextBody(ResponseHead(grant.head, -1, false))}, [this] { NextChunk(); });
}

void HttpConnection::NextChunk() {
  // The stream belongs to us; a weak pointer keeps the two from holding each other.
  watched_->Next([weak = weak_from_this()](std::vector<OwnedBytes> parts) {
    const auto self = weak.lock();
    if (!self || self->ended_) return;
    size_t bytes = 0;
    for (const OwnedBytes& part : parts) bytes += part.bytes.size();
    if (bytes == 0) return self->WriteParts({TextBody("0\r\n\r\n")}, [raw = self.get()] { raw->AfterAnswer(); });
    parts.insert(parts.begin(), TextBody(ChunkHead(bytes)));
    parts.push_back(TextBody("\r\n"));
    self->WriteParts(std::move(parts), [raw = self.get()] { raw->NextChunk(); });
  });
}

void HttpConnection::WriteParts(std::vector<OwnedBytes> parts, std::function<void()> then) {
  parts_ = std::move(parts);
  then_ = std::move(then);
  WriteSome();
}

void HttpConnection::WriteSome() {
  std::array<std::span<const uint8_t>, 8> pieces;
  size_t count = 0;
  for (const OwnedBytes& part : parts_) {
    if (!part.bytes.empty() && count < pieces.size()) pieces[count++] = part.bytes;
  }
  if (count == 0) {
    parts_.clear();
    return std::exchange(then_, nullptr)();
  }
  patience_.After(options_.write_limit, [self = shared_from_this()] { self->End(); });
  wire().WriteSome(std::span(pieces).first(count), WireDone([self = shared_from_this()](WireEnd end, size_t bytes) {
                     if (self->ended_) return;
                     if (end != WireEnd::kOk) return self->End();
                     self->patience_.Cancel();
                     for (OwnedBytes& part : self->parts_) {
                       const size_t taken = std::min(bytes, part.bytes.size());
                       part.bytes = part.bytes.subspan(taken);
                       bytes -= taken;
                     }
                     self->WriteSome();
                   }));
}

void HttpConnection::AfterAnswer() {
  if (!keep_alive_ || draining_) {
    // What the client still sends is read and thrown away for a moment: closing with unread bytes would reset the
    // connection, and the answer with it.
    patience_.After(std::chrono::seconds(1), [self = shared_from_this()] { self->End(); });
    finishing_ = true;
    return wire().Finish(WireDone([self = shared_from_this()](WireEnd end, size_t) {
      if (end != WireEnd::kOk) return self->End();
      if (!self->ended_) self->Read();
    }));
  }
  visit_.reset();
  patience_.After(options_.idle_limit, [self = shared_from_this()] { self->End(); });
  if (parser_.started()) {
    reading_request_ = true;
    patience_.After(options_.request_limit, [self = shared_from_this()] { self->End(); });
    return OnRequest();
  }
  Read();
}

void HttpConnection::End() {
  if (std::exchange(ended_, true)) return;
  patience_.Cancel();
  if (wire_) wire_->Close();
  handlers_.gone(this);
}

}  // namespace lips
