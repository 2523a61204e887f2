// WatchedTree: which watch stands for which folder below a root. Names only; it touches no disk.
//
// A node's place is its parent's number and its name, so renaming a folder with a thousand below it changes one node.
// What the disk looks like may be ahead of the events that are still to be read: attach() refuses to make a ring, and
// the events to come put right what is not yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace torc::file {

class WatchedTree {
 public:
  static constexpr int kNone = -1;

  struct Node {
    int parent = kNone;
    std::string name;
    bool attached = false;  // otherwise on its way from where it was
    std::map<std::string, int, std::less<>> children;
    // Found by looking, and told: events about them before this position are not news.
    std::set<std::string, std::less<>> found;
    std::uint64_t found_until = 0;
  };

  std::size_t size() const noexcept { return nodes_.size(); }
  Node* find(int watch) noexcept;
  /// The watch of a folder, or kNone.
  int child(const Node& parent, std::string_view name) const noexcept;
  /// "" for the root, otherwise "/a/b".
  std::string path_of(int watch) const;

  /// A new node without a parent: the root.
  void add_root(int watch) { nodes_[watch].attached = true; }
  /// Puts a node, new or not, at this place. False when it would be below itself.
  bool attach(int watch, int parent, std::string_view name);
  /// Takes it from its place; it and what is below stay known.
  void detach(int watch) noexcept;
  /// Forgets one node. What is below it stays, without a place.
  void erase(int watch) noexcept;
  /// The node and all below it.
  std::vector<int> subtree(int watch) const;
  std::vector<int> all() const;

 private:
  std::unordered_map<int, Node> nodes_;
};

}  // namespace torc::file
