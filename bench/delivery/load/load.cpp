// long: one program that is to be read and built alone, without the rooms
// load: a WebSocket load client in one epoll thread, made to cost little beside the server it
// measures.
//
//   load --url ws://127.0.0.1:18010/ws/chat/bench-{i} --conns 1000 --pid SERVER_PID
//          [--inflight 128]           handshakes under way at once
//          [--header 'Name: value']   sent with each handshake (repeatable)
//          [--proto contract|centrifugo]
//          [--ids FILE]               {i} becomes the i-th line, e.g. the id of a session that was
//          made before
//          [--question TEXT]          what a round trip asks
//          [--fanout-until complete]  the published event is a question: it has reached a client
//          when the client
//                                     has the entry of that type; every entry on the way counts as
//                                     a delivery
//          [--settle-ms 1500]         wait before memory is read
//          [--rt-active 32 --rt-seconds 5]   round trips, one message outstanding per active
//          connection
//          [--fanout-url http://127.0.0.1:18010/internal/broadcast --fanout-count 20
//          --fanout-window 1]
//          [--fanout-body '%s']       the publish body, %s = the event
//          [--fanout-header 'Name: value']
//          [--hold-seconds 0]         stay connected, answering pings
//          [--timeout-seconds 60]     bound on every phase
//
// Phases: memory of the server -> connect all -> memory -> round trips -> fan-out -> close. One
// JSON object on stdout. With --proto contract a connection counts once `connection_ready` arrived,
// and a round trip runs from {"type":"message"} to the frame whose type is `complete`. Only
// loopback addresses are taken.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using u64 = std::uint64_t;

u64 now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<u64>(t.tv_sec) * 1000000000ULL + static_cast<u64>(t.tv_nsec);
}

double cpu_seconds() {
  rusage r{};
  getrusage(RUSAGE_SELF, &r);
  return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
         static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "load: %s\n", why.c_str());
  std::exit(1);
}

// ---- the server's memory and processor time, over its process tree ----

void collect_tree(long pid, std::vector<long>& out) {
  out.push_back(pid);
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  DIR* dir = opendir(tasks.c_str());
  if (!dir) return;
  std::vector<long> children;
  while (dirent* e = readdir(dir)) {
    if (e->d_name[0] == '.') continue;
    std::ifstream f(tasks + "/" + e->d_name + "/children");
    long child = 0;
    while (f >> child) children.push_back(child);
  }
  closedir(dir);
  for (long c : children) collect_tree(c, out);
}

// Nanoseconds on a processor, summed over the living threads; /proc/PID/stat has only 10 ms steps.
double threads_cpu(const std::string& base) {
  double ns = 0;
  DIR* dir = opendir((base + "/task").c_str());
  if (!dir) return 0;
  while (dirent* e = readdir(dir)) {
    if (e->d_name[0] == '.') continue;
    std::ifstream f(base + "/task/" + e->d_name + "/schedstat");
    double on_cpu = 0;
    if (f >> on_cpu) ns += on_cpu;
  }
  closedir(dir);
  return ns / 1e9;
}

struct Usage {
  double rss_kb = 0, pss_kb = 0, cpu_s = 0;
};

Usage usage_of(long root) {
  Usage u;
  if (root <= 0) return u;
  std::vector<long> tree;
  collect_tree(root, tree);
  for (long pid : tree) {
    const std::string base = "/proc/" + std::to_string(pid);
    std::ifstream rollup(base + "/smaps_rollup");
    std::string line;
    while (std::getline(rollup, line)) {
      if (line.rfind("Rss:", 0) == 0) u.rss_kb += std::atof(line.c_str() + 4);
      if (line.rfind("Pss:", 0) == 0) u.pss_kb += std::atof(line.c_str() + 4);
    }
    u.cpu_s += threads_cpu(base);
  }
  return u;
}

// ---- options ----

struct Options {
  std::string host = "127.0.0.1", path = "/";
  int port = 0;
  int conns = 100, inflight = 128, settle_ms = 1500;
  int rt_active = 0;
  double rt_seconds = 0, hold_seconds = 0, timeout_seconds = 60;
  std::vector<std::string> headers, fanout_headers;
  std::string fanout_url, fanout_body = "%s";
  std::string question = "How did revenue by region develop in the last quarter?", fanout_until;
  std::vector<std::string> ids;
  int fanout_count = 0, fanout_window = 1;
  bool centrifugo = false;
  long pid = 0;
};

void split_url(const std::string& url, std::string& host, int& port, std::string& path) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) die("bad address " + url);
  const auto slash = url.find('/', scheme + 3);
  const std::string authority =
      url.substr(scheme + 3, slash == std::string::npos ? std::string::npos : slash - scheme - 3);
  path = slash == std::string::npos ? "/" : url.substr(slash);
  const auto colon = authority.rfind(':');
  if (colon == std::string::npos) die("the address needs a port: " + url);
  host = authority.substr(0, colon);
  port = std::atoi(authority.c_str() + colon + 1);
  if (host == "localhost") host = "127.0.0.1";
  if (host.rfind("127.", 0) != 0) die("only loopback addresses are taken, not " + host);
}

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (i + 1 >= argc) die("no value for " + name);
    const std::string value = argv[++i];
    if (name == "--url")
      split_url(value, o.host, o.port, o.path);
    else if (name == "--conns")
      o.conns = std::stoi(value);
    else if (name == "--inflight")
      o.inflight = std::stoi(value);
    else if (name == "--settle-ms")
      o.settle_ms = std::stoi(value);
    else if (name == "--rt-active")
      o.rt_active = std::stoi(value);
    else if (name == "--rt-seconds")
      o.rt_seconds = std::stod(value);
    else if (name == "--hold-seconds")
      o.hold_seconds = std::stod(value);
    else if (name == "--timeout-seconds")
      o.timeout_seconds = std::stod(value);
    else if (name == "--header")
      o.headers.push_back(value);
    else if (name == "--fanout-header")
      o.fanout_headers.push_back(value);
    else if (name == "--fanout-url")
      o.fanout_url = value;
    else if (name == "--question")
      o.question = value;
    else if (name == "--fanout-until")
      o.fanout_until = '"' + value + '"';
    else if (name == "--ids") {
      std::ifstream f(value);
      for (std::string line; std::getline(f, line);) o.ids.push_back(line);
      if (o.ids.empty()) die("no ids in " + value);
    } else if (name == "--fanout-body")
      o.fanout_body = value;
    else if (name == "--fanout-count")
      o.fanout_count = std::stoi(value);
    else if (name == "--fanout-window")
      o.fanout_window = std::stoi(value);
    else if (name == "--proto")
      o.centrifugo = value == "centrifugo";
    else if (name == "--pid")
      o.pid = std::stol(value);
    else
      die("unknown option " + name);
  }
  if (!o.port) die("--url is missing");
  return o;
}

// ---- the client ----

enum class State { idle, connecting, upgrading, greeting, ready, closed };

struct Conn {
  int fd = -1;
  State state = State::idle;
  u64 began = 0, sent = 0;
  std::string in, out;  // only what a read or a write left over
};

struct Publisher {  // one HTTP/1.1 connection that publishes the fan-out events
  int fd = -1;
  std::string in;
  int outstanding = 0;
};

class Load {
 public:
  explicit Load(Options o) : o_(std::move(o)) {
    ep_ = epoll_create1(0);
    conns_.resize(static_cast<std::size_t>(o_.conns));
    addr_.sin_family = AF_INET;
    addr_.sin_port = htons(static_cast<std::uint16_t>(o_.port));
    inet_pton(AF_INET, o_.host.c_str(), &addr_.sin_addr);
    buffer_.resize(256 * 1024);
  }

  int run() {
    const Usage before = usage_of(o_.pid);
    const bool connected = connect_all();
    pump_for(o_.settle_ms / 1e3);
    const Usage idle = usage_of(o_.pid);
    std::printf(
        "{\"conns\":%d,\"ready\":%d,\"failed\":%d,\"connect_s\":%.4f,\"connect_per_s\":%.1f,",
        o_.conns, ready_, failed_, connect_s_, connect_s_ > 0 ? ready_ / connect_s_ : 0.0);
    percentiles("connect", connect_us_);
    std::printf(",\"connect_server_cpu_us\":%.1f,\"client_connect_cpu_pct\":%.0f",
                ready_ ? connect_server_cpu_ * 1e6 / ready_ : 0.0, connect_client_pct_);
    std::printf(
        ",\"rss_before_kb\":%.0f,\"rss_connected_kb\":%.0f,\"rss_per_conn_bytes\":%.0f,\"pss_per_"
        "conn_bytes\":%.0f",
        before.rss_kb, idle.rss_kb, ready_ ? (idle.rss_kb - before.rss_kb) * 1024 / ready_ : 0.0,
        ready_ ? (idle.pss_kb - before.pss_kb) * 1024 / ready_ : 0.0);
    if (connected && o_.rt_active > 0) round_trips();
    if (connected && o_.fanout_count > 0 && !o_.fanout_url.empty()) fan_out();
    if (o_.hold_seconds > 0) pump_for(o_.hold_seconds);
    std::printf(",\"lost_connections\":%d,\"rss_end_kb\":%.0f}\n", lost_, usage_of(o_.pid).rss_kb);
    for (auto& c : conns_)
      if (c.fd >= 0) ::close(c.fd);
    return connected ? 0 : 1;
  }

 private:
  static void percentiles(const char* name, std::vector<double>& v) {
    if (v.empty()) {
      std::printf("\"%s_p50_us\":null,\"%s_p99_us\":null,\"%s_max_us\":null", name, name, name);
      return;
    }
    std::sort(v.begin(), v.end());
    const auto at = [&](double q) {
      return v[std::min(v.size() - 1, static_cast<std::size_t>(q * static_cast<double>(v.size())))];
    };
    std::printf("\"%s_p50_us\":%.0f,\"%s_p99_us\":%.0f,\"%s_max_us\":%.0f", name, at(0.5), name,
                at(0.99), name, v.back());
  }

  void open_next() {
    while (pending_ < o_.inflight && opened_ < o_.conns) {
      Conn& c = conns_[static_cast<std::size_t>(opened_)];
      c.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      if (c.fd < 0) die(std::string("socket: ") + std::strerror(errno));
      int one = 1;
      setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      c.began = now_ns();
      c.state = State::connecting;
      epoll_event ev{};
      ev.events = EPOLLOUT | EPOLLIN;
      ev.data.u64 = static_cast<u64>(opened_);
      epoll_ctl(ep_, EPOLL_CTL_ADD, c.fd, &ev);
      if (::connect(c.fd, reinterpret_cast<const sockaddr*>(&addr_), sizeof addr_) < 0 &&
          errno != EINPROGRESS) {
        drop(c);
        ++opened_;
        continue;
      }
      ++pending_;
      ++opened_;
    }
  }

  bool connect_all() {
    const u64 t0 = now_ns();
    const double cpu0 = cpu_seconds();
    const Usage server0 = usage_of(o_.pid);
    const u64 limit = t0 + static_cast<u64>(o_.timeout_seconds * 1e9);
    open_next();
    while (ready_ + failed_ < o_.conns && now_ns() < limit) {
      poll(100);
      open_next();
    }
    connect_s_ = static_cast<double>(now_ns() - t0) / 1e9;
    connect_server_cpu_ = usage_of(o_.pid).cpu_s - server0.cpu_s;
    connect_client_pct_ = 100 * (cpu_seconds() - cpu0) / connect_s_;
    failed_ = o_.conns - ready_;
    return failed_ == 0;
  }

  void pump_for(double seconds) {
    const u64 until = now_ns() + static_cast<u64>(seconds * 1e9);
    for (;;) {
      const u64 t = now_ns();
      if (t >= until) return;
      poll(static_cast<int>(std::min<u64>(100, (until - t) / 1000000 + 1)));
    }
  }

  void round_trips() {
    const int active = std::min(o_.rt_active, o_.conns);
    rt_running_ = true;
    rt_us_.clear();
    const Usage server0 = usage_of(o_.pid);
    const double cpu0 = cpu_seconds();
    const u64 t0 = now_ns();
    rt_frames_ = 0;
    // spread over the whole set, so that with many connections the idle ones lie between
    for (int i = 0; i < active; ++i)
      send_message(conns_[static_cast<std::size_t>(static_cast<long>(i) * o_.conns / active)]);
    pump_for(o_.rt_seconds);
    rt_running_ = false;
    const double s = static_cast<double>(now_ns() - t0) / 1e9;
    const double n = static_cast<double>(rt_us_.size());
    const double server_cpu = usage_of(o_.pid).cpu_s - server0.cpu_s;
    std::printf(",\"rt_active\":%d,\"rt_count\":%.0f,\"rt_per_s\":%.1f,\"rt_frames_per_s\":%.0f,",
                active, n, n / s, static_cast<double>(rt_frames_) / s);
    percentiles("rt", rt_us_);
    std::printf(",\"rt_server_cpu_us\":%.1f,\"rt_client_cpu_pct\":%.0f",
                n > 0 ? server_cpu * 1e6 / n : 0.0, 100 * (cpu_seconds() - cpu0) / s);
    pump_for(0.3);  // the answers still under way
  }

  void fan_out() {
    std::string host, path;
    int port = 0;
    split_url(o_.fanout_url, host, port, path);
    pub_.fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, host.c_str(), &a.sin_addr);
    if (::connect(pub_.fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) < 0)
      die("fan-out publisher: cannot connect");
    fcntl(pub_.fd, F_SETFL, fcntl(pub_.fd, F_GETFL) | O_NONBLOCK);
    int one = 1;
    setsockopt(pub_.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_event ev{};
    ev.events = EPOLLIN;
    ev.data.u64 = kPublisher;
    epoll_ctl(ep_, EPOLL_CTL_ADD, pub_.fd, &ev);

    const Usage server0 = usage_of(o_.pid);
    const double cpu0 = cpu_seconds();
    fan_seen_.assign(static_cast<std::size_t>(o_.fanout_count), 0);
    fan_began_.assign(static_cast<std::size_t>(o_.fanout_count), 0);
    const u64 t0 = now_ns();
    const u64 limit = t0 + static_cast<u64>(o_.timeout_seconds * 1e9);
    int published = 0;
    while (fan_done_ < o_.fanout_count && now_ns() < limit) {
      // the publisher has at most one request under way; the window counts events not yet at every
      // client
      while (pub_.outstanding == 0 && published < o_.fanout_count &&
             published - fan_done_ < o_.fanout_window)
        publish(host, port, path, published++);
      poll(50);
    }
    const double s = static_cast<double>(now_ns() - t0) / 1e9;
    const double server_cpu = usage_of(o_.pid).cpu_s - server0.cpu_s;
    std::printf(
        ",\"fanout_events\":%d,\"fanout_complete\":%d,\"fanout_window\":%d,\"fanout_deliveries\":%"
        "llu,\"fanout_per_s\":%.0f,",
        published, fan_done_, o_.fanout_window, static_cast<unsigned long long>(fan_total_),
        static_cast<double>(fan_total_) / s);
    percentiles("fanout_last", fan_last_us_);
    std::printf(",");
    percentiles("fanout_each", fan_each_us_);
    std::printf(
        ",\"fanout_server_cpu_us\":%.2f,\"fanout_client_cpu_pct\":%.0f,\"fanout_publish_errors\":%"
        "d",
        fan_total_ ? server_cpu * 1e6 / static_cast<double>(fan_total_) : 0.0,
        100 * (cpu_seconds() - cpu0) / s, publish_errors_);
    ::close(pub_.fd);
  }

  void publish(const std::string& host, int port, const std::string& path, int seq) {
    fan_began_[static_cast<std::size_t>(seq)] = now_ns();
    std::string event = "{\"type\":\"insight\",\"seq\":" + std::to_string(seq) +
                        ",\"tenant_id\":\"tenant-001\",\"title\":\"Revenue anomaly "
                        "detected\",\"content\":\"Revenue in region EMEA "
                        "fell by 12.4 % against the trailing four-week mean; three customers "
                        "explain most of it.\",\"confidence\":0.87}";
    std::string body = o_.fanout_body;
    const auto at = body.find("%s");
    if (at != std::string::npos) body.replace(at, 2, event);
    std::string r =
        "POST " + path + " HTTP/1.1\r\nHost: " + host + ":" + std::to_string(port) +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n";
    for (const auto& h : o_.fanout_headers) r += h + "\r\n";
    r += "\r\n" + body;
    if (::send(pub_.fd, r.data(), r.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(r.size()))
      die("fan-out publisher: short write");
    ++pub_.outstanding;
  }

  void on_publisher() {
    const ssize_t n = ::recv(pub_.fd, buffer_.data(), buffer_.size(), 0);
    if (n == 0) die("fan-out publisher: the server closed the connection");
    if (n < 0) return;
    pub_.in.append(buffer_.data(), static_cast<std::size_t>(n));
    for (;;) {
      const auto end = pub_.in.find("\r\n\r\n");
      if (end == std::string::npos) return;
      std::string head = pub_.in.substr(0, end);
      std::transform(head.begin(), head.end(), head.begin(),
                     [](unsigned char ch) { return std::tolower(ch); });
      std::size_t length = 0;
      if (head.find("transfer-encoding: chunked") != std::string::npos) {
        const auto last = pub_.in.find("\r\n0\r\n\r\n", end + 2);
        if (last == std::string::npos) return;
        length = last + 7 - (end + 4);
      } else if (const auto cl = head.find("content-length:"); cl != std::string::npos) {
        length = std::strtoul(head.c_str() + cl + 15, nullptr, 10);
      }
      if (pub_.in.size() < end + 4 + length) return;
      if (head.size() < 12 || head[9] != '2') ++publish_errors_;
      pub_.in.erase(0, end + 4 + length);
      --pub_.outstanding;
    }
  }

  void poll(int ms) {
    epoll_event events[512];
    const int n = epoll_wait(ep_, events, 512, ms);
    for (int i = 0; i < n; ++i) {
      if (events[i].data.u64 == kPublisher) {
        on_publisher();
        continue;
      }
      Conn& c = conns_[events[i].data.u64];
      if (c.fd < 0) continue;
      if (events[i].events & EPOLLOUT) on_writable(c, events[i].data.u64);
      if (c.fd >= 0 && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) on_readable(c);
    }
  }

  void watch(Conn& c, u64 index, std::uint32_t what) {
    epoll_event ev{};
    ev.events = what;
    ev.data.u64 = index;
    epoll_ctl(ep_, EPOLL_CTL_MOD, c.fd, &ev);
  }

  void on_writable(Conn& c, u64 index) {
    if (c.state == State::connecting) {
      int err = 0;
      socklen_t len = sizeof err;
      getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &err, &len);
      if (err) {
        drop(c);
        return;
      }
      c.state = State::upgrading;
      std::string path = o_.path;
      if (const auto at = path.find("{i}"); at != std::string::npos)
        path.replace(at, 3, o_.ids.empty() ? std::to_string(index) : o_.ids[index % o_.ids.size()]);
      std::string r = "GET " + path + " HTTP/1.1\r\nHost: " + o_.host + ":" +
                      std::to_string(o_.port) +
                      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
                      "dGhlIHNhbXBsZSBub25jZQ==\r\n"
                      "Sec-WebSocket-Version: 13\r\n";
      for (const auto& h : o_.headers) r += h + "\r\n";
      r += "\r\n";
      write(c, r);
    } else if (!c.out.empty()) {
      std::string rest;
      rest.swap(c.out);
      write(c, rest);
    }
    if (c.fd >= 0 && c.out.empty()) watch(c, index, EPOLLIN);
  }

  void write(Conn& c, std::string_view data) {
    if (!c.out.empty()) {
      c.out.append(data);
      return;
    }
    const ssize_t n = ::send(c.fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (n == static_cast<ssize_t>(data.size())) return;
    if (n < 0 && errno != EAGAIN) {
      drop(c);
      return;
    }
    c.out.assign(data.substr(n < 0 ? 0 : static_cast<std::size_t>(n)));
    watch(c, static_cast<u64>(&c - conns_.data()), EPOLLIN | EPOLLOUT);
  }

  void send_frame(Conn& c, int opcode, std::string_view payload) {
    std::string f;
    f.push_back(static_cast<char>(0x80 | opcode));
    if (payload.size() < 126) {
      f.push_back(static_cast<char>(0x80 | payload.size()));
    } else {
      f.push_back(static_cast<char>(0x80 | 126));
      f.push_back(static_cast<char>(payload.size() >> 8));
      f.push_back(static_cast<char>(payload.size() & 0xff));
    }
    static const char mask[4] = {0x12, 0x34, 0x56, 0x78};
    f.append(mask, 4);
    for (std::size_t i = 0; i < payload.size(); ++i)
      f.push_back(static_cast<char>(payload[i] ^ mask[i & 3]));
    write(c, f);
  }

  void send_message(Conn& c) {
    if (c.state != State::ready) return;
    c.sent = now_ns();
    send_frame(c, 1, R"({"type":"message","content":")" + o_.question + R"("})");
  }

  void drop(Conn& c) {
    if (c.fd < 0) return;
    ::close(c.fd);
    c.fd = -1;
    if (c.state == State::ready) {
      ++lost_;
    } else {
      ++failed_;
      if (pending_ > 0) --pending_;
    }
    c.state = State::closed;
  }

  void on_readable(Conn& c) {
    for (;;) {
      std::size_t have = c.in.size();
      if (have > buffer_.size() / 2) die("a frame is too long for this client");
      std::memcpy(buffer_.data(), c.in.data(), have);
      const ssize_t n = ::recv(c.fd, buffer_.data() + have, buffer_.size() - have, 0);
      if (n == 0 || (n < 0 && errno != EAGAIN)) {
        drop(c);
        return;
      }
      if (n < 0) return;
      const std::size_t total = have + static_cast<std::size_t>(n);
      const std::size_t used = consume(c, std::string_view(buffer_.data(), total));
      if (c.fd < 0) return;
      if (used < total || !c.in.empty()) c.in.assign(buffer_.data() + used, total - used);
      if (total < buffer_.size()) return;
    }
  }

  std::size_t consume(Conn& c, std::string_view data) {
    std::size_t at = 0;
    if (c.state == State::upgrading) {
      const auto end = data.find("\r\n\r\n");
      if (end == std::string_view::npos) return 0;
      if (data.substr(0, 12) != "HTTP/1.1 101") {
        if (!complained_)
          std::fprintf(stderr, "load: handshake answered %.*s\n", static_cast<int>(data.find('\r')),
                       data.data());
        complained_ = true;
        drop(c);
        return 0;
      }
      at = end + 4;
      c.state = State::greeting;
      if (o_.centrifugo) send_frame(c, 1, R"({"id":1,"connect":{}})");
    }
    while (data.size() - at >= 2) {
      const auto* p = reinterpret_cast<const unsigned char*>(data.data()) + at;
      std::size_t head = 2;
      u64 length = p[1] & 0x7f;
      if (length == 126) {
        if (data.size() - at < 4) break;
        length = static_cast<u64>(p[2]) << 8 | p[3];
        head = 4;
      } else if (length == 127) {
        if (data.size() - at < 10) break;
        length = 0;
        for (int i = 2; i < 10; ++i) length = length << 8 | p[i];
        head = 10;
      }
      if (data.size() - at < head + length) break;
      const int opcode = p[0] & 0x0f;
      const std::string_view payload = data.substr(at + head, static_cast<std::size_t>(length));
      at += head + static_cast<std::size_t>(length);
      if (opcode == 9)
        send_frame(c, 10, payload);
      else if (opcode == 8) {
        drop(c);
        return at;
      } else if (opcode == 1 || opcode == 2 || opcode == 0) {
        on_text(c, payload);
      }
      if (c.fd < 0) return at;
    }
    return at;
  }

  void became_ready(Conn& c) {
    c.state = State::ready;
    ++ready_;
    --pending_;
    connect_us_.push_back(static_cast<double>(now_ns() - c.began) / 1e3);
  }

  // The entry's own type is the first one in it.
  static bool type_is(std::string_view text, std::string_view type) {
    const auto at = text.find("\"type\"");
    if (at == std::string_view::npos) return false;
    std::size_t i = at + 6;
    while (i < text.size() && (text[i] == ' ' || text[i] == ':')) ++i;
    return text.substr(i, type.size()) == type;
  }

  void on_text(Conn& c, std::string_view text) {
    if (o_.centrifugo) {  // one frame can hold several lines, each a JSON object
      while (!text.empty()) {
        const auto nl = text.find('\n');
        const auto line = text.substr(0, nl);
        text = nl == std::string_view::npos ? std::string_view{} : text.substr(nl + 1);
        if (line == "{}")
          send_frame(c, 1, "{}");
        else if (c.state == State::greeting && line.find("\"connect\"") != std::string_view::npos)
          send_frame(c, 1, R"({"id":2,"subscribe":{"channel":"bench"}})");
        else if (c.state == State::greeting && line.find("\"id\":2") != std::string_view::npos) {
          if (line.find("\"error\"") != std::string_view::npos)
            die("centrifugo refused the subscription: " + std::string(line));
          became_ready(c);
        } else if (line.find("\"seq\":") != std::string_view::npos)
          on_event(line);
      }
      return;
    }
    if (c.state == State::greeting) {
      if (type_is(text, "\"connection_ready\"")) became_ready(c);
      return;
    }
    if (!fan_seen_.empty() && !o_.fanout_until.empty()) {
      ++fan_total_;
      if (type_is(text, o_.fanout_until)) arrived(static_cast<std::size_t>(fan_done_));
      return;
    }
    if (type_is(text, "\"ping\"")) {
      send_frame(c, 1, R"({"type":"pong"})");
    } else if (type_is(text, "\"complete\"")) {
      ++rt_frames_;
      if (c.sent) {
        if (rt_running_) rt_us_.push_back(static_cast<double>(now_ns() - c.sent) / 1e3);
        c.sent = 0;
        if (rt_running_) send_message(c);
      }
    } else if (!fan_seen_.empty() && text.find("\"seq\":") != std::string_view::npos) {
      on_event(text);
    } else {
      ++rt_frames_;
    }
  }

  void on_event(std::string_view text) {
    const auto at = text.find("\"seq\":");
    const auto seq = static_cast<std::size_t>(std::strtoul(text.data() + at + 6, nullptr, 10));
    if (seq >= fan_seen_.size()) return;
    ++fan_total_;
    arrived(seq);
  }

  void arrived(std::size_t seq) {
    const double us = static_cast<double>(now_ns() - fan_began_[seq]) / 1e3;
    if ((fan_total_ & 15) == 0) fan_each_us_.push_back(us);  // one in 16 is enough for percentiles
    if (++fan_seen_[seq] == ready_) {
      ++fan_done_;
      fan_last_us_.push_back(us);
    }
  }

  static constexpr u64 kPublisher = ~0ULL;

  Options o_;
  int ep_ = -1;
  sockaddr_in addr_{};
  std::vector<Conn> conns_;
  std::string buffer_;
  int opened_ = 0, pending_ = 0, ready_ = 0, failed_ = 0, lost_ = 0;
  double connect_s_ = 0, connect_server_cpu_ = 0, connect_client_pct_ = 0;
  std::vector<double> connect_us_, rt_us_, fan_last_us_, fan_each_us_;
  bool rt_running_ = false, complained_ = false;
  u64 rt_frames_ = 0, fan_total_ = 0;
  Publisher pub_;
  std::vector<int> fan_seen_;
  std::vector<u64> fan_began_;
  int fan_done_ = 0, publish_errors_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Load load(parse(argc, argv));
  return load.run();
}
