#include "base/queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace lips {
namespace {

TEST(BoundedQueue, DrainsInOrderAfterClose) {
  BoundedQueue<int> queue(2);
  std::thread producer([&] {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(queue.Push(i));
    queue.Close();
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(queue.Pop(), i);
  EXPECT_EQ(queue.Pop(), std::nullopt);
  producer.join();
}

}  // namespace
}  // namespace lips
