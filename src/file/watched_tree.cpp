#include "file/watched_tree.hpp"

namespace torc::file {

WatchedTree::Node* WatchedTree::find(int watch) noexcept {
  const auto found = nodes_.find(watch);
  return found == nodes_.end() ? nullptr : &found->second;
}

int WatchedTree::child(const Node& parent, std::string_view name) const noexcept {
  const auto found = parent.children.find(name);
  return found == parent.children.end() ? kNone : found->second;
}

std::string WatchedTree::path_of(int watch) const {
  std::vector<const std::string*> names;
  for (auto each = nodes_.find(watch); each != nodes_.end() && each->second.parent != kNone;
       each = nodes_.find(each->second.parent)) {
    names.push_back(&each->second.name);
  }
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) (path += '/') += **name;
  return path;
}

bool WatchedTree::attach(int watch, int parent, std::string_view name) {
  for (auto each = nodes_.find(parent); each != nodes_.end(); each = nodes_.find(each->second.parent)) {
    if (each->first == watch) return false;
  }
  detach(watch);
  Node& node = nodes_[watch];
  node.parent = parent;
  node.name = name;
  node.attached = true;
  nodes_[parent].children.insert_or_assign(node.name, watch);
  return true;
}

void WatchedTree::detach(int watch) noexcept {
  Node* node = find(watch);
  if (!node || !node->attached) return;
  node->attached = false;
  Node* parent = find(node->parent);
  if (!parent) return;
  const auto place = parent->children.find(node->name);
  if (place != parent->children.end() && place->second == watch) parent->children.erase(place);
}

void WatchedTree::erase(int watch) noexcept {
  detach(watch);
  nodes_.erase(watch);
}

std::vector<int> WatchedTree::subtree(int watch) const {
  std::vector<int> all{watch};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto node = nodes_.find(all[i]);
    if (node == nodes_.end()) continue;
    for (const auto& [name, child] : node->second.children) all.push_back(child);
  }
  return all;
}

std::vector<int> WatchedTree::all() const {
  std::vector<int> all;
  for (const auto& [watch, node] : nodes_) all.push_back(watch);
  return all;
}

}  // namespace torc::file
