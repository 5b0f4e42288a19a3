// std::map, in a comment.
const char* text = "std::set";
std::vector<int> taken(std::vector<int> list) {
  return std::move(list);
}
