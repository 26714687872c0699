// rooms: config
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "loquat/config/config.hpp"

namespace {

using namespace std::chrono_literals;
using namespace loquat;

enum class Colour { red, green };

struct Inner {
  std::chrono::milliseconds wait{100};
  double ratio = 0.5;
  template <class V>
  void fields(V& v) {
    v("wait", wait, "A time.", in(1ms, 1h));
    v("ratio", ratio, "A number.", in(0, 1));
  }
};
struct Everything {
  std::string text = "x";
  int number = 3;
  bool is_on = false;
  Colour colour = Colour::red;
  Secret secret;
  std::vector<std::string> list;
  Inner inner;
  template <class V>
  void fields(V& v) {
    v("text", text, "Text.", len(1, 50));
    v("number", number, "A whole number.", in(-5, 500), env("FUZZ_NUMBER"));
    v("is_on", is_on, "Yes or no.");
    v("colour", colour, "One of two.");
    v("secret", secret, "Never printed.");
    v("list", list, "Texts.");
    v("inner", inner, "More.");
  }
};

}  // namespace

namespace loquat {
LOQUAT_ENUM(Colour, 2, {{{Colour::red, "red"}, {Colour::green, "green"}}});
}  // namespace loquat

/// A settings file; up to the first NUL one flag's value. What is refused changes nothing; what is
/// taken keeps to its bounds, and a secret is never printed.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const int file = ::memfd_create("settings", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  std::string text(reinterpret_cast<const char*>(data), size);
  config::LoadSources sources;
  sources.yaml = path;
  if (const auto end = text.find('\0'); end != text.npos) {
    sources.flags.emplace_back("number", text.substr(0, end));
    text.erase(0, end + 1);
  }
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, text.data(), text.size(), 0) < 0) return 0;
  Everything settings;
  config::Loader loader;
  loader.section("", settings);
  if (!loader.load(sources)) {
    if (settings.number != 3 || settings.text != "x") std::abort();
    return 0;
  }
  if (settings.number < -5 || settings.number > 500 || settings.inner.wait < 1ms) std::abort();
  const auto& secret = settings.secret.reveal();
  if (secret.size() > 20 && loader.print().find(secret) != std::string::npos) std::abort();
  return 0;
}
