#include "net/http_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <type_traits>

namespace lips {

namespace http = boost::beast::http;

template <typename Message>
struct HttpParser<Message>::State {
  static constexpr bool kRequest = std::is_same_v<Message, HttpRequest>;
  using Parser = http::parser<kRequest, http::string_body>;

  explicit State(const HttpLimits& the_limits) : limits(the_limits) { Renew(); }

  void Renew() {
    parser.emplace();
    parser->header_limit(limits.header_bytes);
    parser->body_limit(limits.body_bytes);
    parser->eager(true);
  }

  // Gives the parser what is here; what it does not want yet stays.
  void Advance() {
    size_t used = 0;
    while (used < rest.size() && !parser->is_done() && !broken) {
      boost::system::error_code error;
      const size_t taken = parser->put(boost::asio::buffer(rest.data() + used, rest.size() - used), error);
      used += taken;
      if (error == http::error::need_more) {
        // What the parser leaves lying is the beginning of a line; one without an end must not pile up.
        if (rest.size() - used > limits.header_bytes) Refuse(http::error::header_limit);
        if (taken == 0) break;
        continue;
      }
      if (error) Refuse(error);
      if (taken == 0) break;
    }
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(used));
  }

  void Refuse(const boost::system::error_code& error) {
    const int status = error == http::error::header_limit ? 431 : error == http::error::body_limit ? 413 : 400;
    broken = HttpFault{status, error.message()};
  }

  HttpLimits limits;
  std::optional<Parser> parser;
  std::vector<uint8_t> rest;
  std::optional<HttpFault> broken;
};

template <typename Message>
HttpParser<Message>::HttpParser(const HttpLimits& limits) : state_(std::make_unique<State>(limits)) {}
template <typename Message>
HttpParser<Message>::HttpParser(HttpParser&&) noexcept = default;
template <typename Message>
HttpParser<Message>& HttpParser<Message>::operator=(HttpParser&&) noexcept = default;
template <typename Message>
HttpParser<Message>::~HttpParser() = default;

template <typename Message>
void HttpParser<Message>::Feed(std::span<const uint8_t> bytes) {
  state_->rest.insert(state_->rest.end(), bytes.begin(), bytes.end());
  state_->Advance();
}

template <typename Message>
void HttpParser<Message>::FeedEnd() {
  boost::system::error_code error;
  if (state_->parser->got_some() && !state_->parser->is_done()) state_->parser->put_eof(error);
  if (error) state_->Refuse(error);
}

template <typename Message>
bool HttpParser<Message>::started() const {
  return state_->parser->got_some() || !state_->rest.empty();
}
template <typename Message>
bool HttpParser<Message>::has_head() const {
  return state_->parser->is_header_done();
}
template <typename Message>
bool HttpParser<Message>::complete() const {
  return state_->parser->is_done();
}
template <typename Message>
const HttpFault* HttpParser<Message>::fault() const {
  return state_->broken ? &*state_->broken : nullptr;
}
template <typename Message>
bool HttpParser<Message>::expects_continue() const {
  const auto& message = state_->parser->get();
  const auto found = message.find(http::field::expect);
  return found != message.end() && boost::beast::iequals(found->value(), "100-continue");
}

template <typename Message>
Message HttpParser<Message>::Take() {
  Message taken;
  auto message = state_->parser->release();
  for (const auto& field : message) {
    taken.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  if constexpr (State::kRequest) {
    taken.method = std::string(message.method_string());
    taken.target = std::string(message.target());
    taken.keep_alive = message.keep_alive();
    taken.body = std::move(message.body());
  } else {
    taken.status = static_cast<int>(message.result_int());
    taken.body = TextBody(std::move(message.body()));
  }
  state_->Renew();
  state_->Advance();
  return taken;
}

template <typename Message>
std::vector<uint8_t> HttpParser<Message>::TakeRest() {
  return std::move(state_->rest);
}

template class HttpParser<HttpRequest>;
template class HttpParser<HttpResponse>;

}  // namespace lips
