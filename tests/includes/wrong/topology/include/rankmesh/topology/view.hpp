#pragma once

struct Owner {
  const int& value() const { return value_; }
  int value_ = 0;
};
