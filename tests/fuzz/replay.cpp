// Runs a fuzz target over its corpus without libFuzzer, so that every ordinary test run covers every input once found:
//
//   x_fuzz <corpus folder>
//
// Each file is given whole and cut off after every byte: a parser must take any prefix. Long files are cut at evenly
// spread places instead, so that the time stays bounded.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

constexpr std::size_t kMaxCuts = 2048;

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  const std::size_t step = std::max<std::size_t>(1, bytes.size() / kMaxCuts);
  auto run = [&](std::size_t size) {
    // An exact copy on the heap, so that the address sanitizer sees a read past the end.
    const std::vector<std::uint8_t> input(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    LLVMFuzzerTestOneInput(input.data(), input.size());
  };
  for (std::size_t size = 0; size < bytes.size(); size += step) run(size);
  run(bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&argc, &argv);
  LLVMFuzzerTestOneInput(nullptr, 0);
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) continue;  // a new target has no corpus yet
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::fprintf(stderr, "%s\n", entry.path().c_str());  // the last line names the culprit of a crash
      replay(entry.path());
      ++files;
    }
  }
  std::printf("replayed %zu files\n", files);
}
