#include "server/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/stats.h"
#include "base/version.h"

namespace lips {
namespace {

std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr};
}

std::string Escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

double Count(int64_t n) { return static_cast<double>(n); }

void AddSessions(const LiveMetrics& live, MetricsText& text) {
  text.Family("lipsync_sessions", "gauge", "Sessions by state.");
  text.Sample({{"state", "speaking"}}, Count(live.sessions_speaking));
  text.Sample({{"state", "idle"}}, Count(live.sessions_idle));
  text.Sample({{"state", "detached"}}, Count(live.sessions_detached));
  text.Family("lipsync_sessions_opened_total", "counter", "Sessions opened.");
  text.Sample({}, Count(live.sessions_opened));
  text.Family("lipsync_sessions_refused_total", "counter", "Sessions refused.");
  text.Sample({}, Count(live.sessions_refused));
  text.Family("lipsync_slots_total", "gauge", "Sessions the machine could serve at the avatars' frame rate.");
  text.Sample({}, Count(live.slots_total));
  text.Family("lipsync_slots_used", "gauge", "Slots taken by open sessions.");
  text.Sample({}, live.slots_used);
  text.Family("lipsync_admission_open", "gauge", "1 while new sessions are admitted.");
  text.Sample({}, live.admission_open ? 1 : 0);
  text.Family("lipsync_shedding_level", "gauge", "How far work is being shed: 0 (none) to 4.");
  text.Sample({}, Count(live.shedding_level));
}

void AddFrames(const LiveMetrics& live, const ServerCounts& counts, MetricsText& text) {
  text.Family("lipsync_frames_total", "counter", "Video frames by what became of them.");
  text.Sample({{"result", "sent"}}, Count(live.frames_sent));
  text.Sample({{"result", "dropped"}}, Count(live.frames_dropped + counts.frames_dropped));
  text.Sample({{"result", "late"}}, Count(live.frames_late));
  text.Sample({{"result", "repeat"}}, Count(live.frames_repeated));
  text.Sample({{"result", "stale"}}, Count(live.frames_stale));
  text.Sample({{"result", "idle"}}, Count(live.frames_idle));
  text.Sample({{"result", "invalid"}}, Count(live.frames_invalid));
  text.Sample({{"result", "client_dropped"}}, Count(counts.client_dropped));
  text.Family("lipsync_client_buffer_seconds", "histogram", "Media that clients have ahead, by their reports.");
  text.Add({}, counts.client_buffer);
  text.Family("lipsync_frame_latency_seconds", "histogram",
              "From when a frame could be made until it was handed to its connection.");
  text.Add({}, live.frame_latency);
  text.Family("lipsync_first_frame_seconds", "histogram", "The same of each utterance's first frame.");
  text.Add({}, live.first_frame);
  text.Family("lipsync_barge_in_seconds", "histogram", "From input_audio.clear to output.cleared.");
  text.Add({}, live.barge_in);
}

void AddWork(const LiveMetrics& live, const ServerCounts& counts, MetricsText& text) {
  text.Family("lipsync_stage_seconds", "histogram", "Time of each stage, by frame.");
  for (size_t i = 0; i < live.stages.size(); ++i) text.Add({{"stage", kLiveStageNames[i]}}, live.stages[i]);
  text.Add({{"stage", "send"}}, counts.send);
  text.Family("lipsync_batches_total", "counter", "Batches by their number of frames (16: and more).");
  for (size_t n = 1; n < live.batch_sizes.size(); ++n) {
    text.Sample({{"size", std::to_string(n)}}, Count(live.batch_sizes[n]));
  }
  text.Family("lipsync_queue_depth", "gauge", "Frames that were due when the last batch was taken.");
  text.Sample({{"queue", "live"}}, Count(live.queue_depth));
  text.Family("lipsync_audio_buffer_seconds", "gauge", "Sound not yet rendered, of all sessions.");
  text.Sample({}, live.audio_buffer_seconds);
  text.Family("lipsync_wakeups_total", "counter", "Wake-ups of the compute thread.");
  text.Sample({}, Count(live.wakeups));
  text.Family("lipsync_template_requests_total", "counter",
              "Template frames the network needed, by whether they were kept.");
  text.Sample({{"result", "hit"}}, Count(live.template_hits));
  text.Sample({{"result", "miss"}}, Count(live.template_misses));
  text.Family("lipsync_template_bytes", "gauge", "Memory for what the network computed of template frames.");
  text.Sample({}, Count(live.template_bytes));
  text.Family("lipsync_frame_store_bytes", "gauge", "Memory for decoded template frames.");
  text.Sample({}, Count(live.frame_store_bytes));
  text.Family("lipsync_errors_total", "counter", "Errors told to clients, by code.");
  for (const auto& [code, number] : live.errors) text.Sample({{"code", code}}, Count(number));
}

void AddServer(const ServerCounts& counts, MetricsText& text) {
  text.Family("lipsync_connections", "gauge", "Open connections.");
  text.Sample({{"kind", "http"}}, Count(counts.connections - counts.streams));
  text.Sample({{"kind", "websocket"}}, Count(counts.streams));
  text.Family("lipsync_connections_refused_total", "counter", "Connections closed at once: too many.");
  text.Sample({}, Count(counts.refused_connections));
  text.Family("lipsync_http_responses_total", "counter", "HTTP answers by status.");
  for (const auto& [status, number] : counts.responses)
    text.Sample({{"status", std::to_string(status)}}, Count(number));
  text.Family("lipsync_auth_failures_total", "counter", "Refusals of 401 and 403 by code.");
  for (const auto& [code, number] : counts.auth_failures) text.Sample({{"code", code}}, Count(number));
  text.Family("lipsync_ws_closes_total", "counter", "WebSocket connections by their close code.");
  for (const auto& [code, number] : counts.closes) text.Sample({{"code", std::to_string(code)}}, Count(number));
  text.Family("lipsync_ws_bytes_total", "counter", "Bytes of WebSocket messages.");
  text.Sample({{"dir", "in"}}, Count(counts.bytes_in));
  text.Sample({{"dir", "out"}}, Count(counts.bytes_out));
}

// Under the names Prometheus' own clients use.
void AddProcess(MetricsText& text) {
  rusage used = {};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  text.Family("process_cpu_seconds_total", "counter", "CPU time, user and system.");
  text.Sample({}, seconds(used.ru_utime) + seconds(used.ru_stime));
  int64_t pages = 0;
  std::ifstream statm("/proc/self/statm");  // the second number
  if (!(statm >> pages >> pages)) pages = 0;
  text.Family("process_resident_memory_bytes", "gauge", "Resident set.");
  text.Sample({}, Count(pages * ::sysconf(_SC_PAGESIZE)));
  text.Family("process_peak_resident_memory_bytes", "gauge", "The largest it has been.");
  text.Sample({}, Count(PeakRssBytes()));
  int64_t descriptors = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end; it.increment(error)) {
    ++descriptors;
  }
  text.Family("process_open_fds", "gauge", "Open file descriptors.");
  text.Sample({}, Count(descriptors));
}

}  // namespace

void MetricsText::Family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name);
  text_.append(" ").append(type).append("\n");
}

void MetricsText::Line(std::string_view suffix, const Labels& labels, double value) {
  text_.append(name_).append(suffix);
  for (size_t i = 0; i < labels.size(); ++i) {
    text_.append(i == 0 ? "{" : ",")
        .append(labels[i].first)
        .append("=\"")
        .append(Escaped(labels[i].second))
        .append("\"");
  }
  text_.append(labels.empty() ? " " : "} ").append(NumberText(value)).append("\n");
}

void MetricsText::Sample(const Labels& labels, double value) { Line("", labels, value); }

void MetricsText::Add(const Labels& labels, const Histogram& histogram) {
  for (size_t i = 0; i <= Histogram::kBounds.size(); ++i) {
    Labels with = labels;
    const bool last = i == Histogram::kBounds.size();
    with.emplace_back("le", last ? "+Inf" : NumberText(Histogram::kBounds[i]));
    Line("_bucket", with, Count(last ? histogram.count() : histogram.at_most(i)));
  }
  Line("_sum", labels, histogram.sum());
  Line("_count", labels, Count(histogram.count()));
}

std::string MetricsPage(const LiveHost& host, const ServerCounts& counts) {
  const LiveMetrics live = host.metrics();
  MetricsText text;
  text.Family("lipsync_build_info", "gauge", "Always 1; the version is in the label.");
  text.Sample({{"version", std::string(Version())}}, 1);
  text.Family("lipsync_ready", "gauge", "1 while /readyz answers 200.");
  text.Sample({}, host.readiness() == Readiness::kReady ? 1 : 0);
  AddSessions(live, text);
  AddFrames(live, counts, text);
  AddWork(live, counts, text);
  AddServer(counts, text);
  AddProcess(text);
  return text.Take();
}

}  // namespace lips
