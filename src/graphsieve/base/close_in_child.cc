// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/close_in_child.h"

#include <pthread.h>
#include <unistd.h>

#include <mutex>
#include <set>

namespace graphsieve {
namespace {

/// The descriptors to close in a child. The mutex is locked during a fork, so that the child does not get the set in
/// the middle of a change.
struct Descriptors {
  std::mutex mutex;
  std::multiset<int> open;
};

Descriptors& descriptors() {
  static auto* all = [] {  // never destroyed: a fork may come while static objects are destroyed
    pthread_atfork([] { descriptors().mutex.lock(); }, [] { descriptors().mutex.unlock(); },
                   [] {
                     for (const int descriptor : descriptors().open) close(descriptor);
                     descriptors().open.clear();
                     descriptors().mutex.unlock();
                   });
    return new Descriptors;
  }();
  return *all;
}

}  // namespace

CloseInChild::CloseInChild(int descriptor) : descriptor_(descriptor) {
  const std::lock_guard lock(descriptors().mutex);
  descriptors().open.insert(descriptor);
}

CloseInChild::~CloseInChild() {
  const std::lock_guard lock(descriptors().mutex);
  const auto found = descriptors().open.find(descriptor_);
  if (found != descriptors().open.end()) descriptors().open.erase(found);
}

}  // namespace graphsieve
