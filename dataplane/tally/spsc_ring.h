// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <vector>

namespace rstwatch::tally {

/// Bounded queue of pointers between exactly one producing and one consuming thread. Wait-free on both sides; owns
/// nothing that passes through it.
template <typename T>
class SpscRing {
  public:
    /// Room for at least `capacity` pointers (rounded up to a power of two, so that an index is a mask away).
    explicit SpscRing(std::size_t capacity) : slots_(std::bit_ceil(capacity)), mask_(slots_.size() - 1) {}

    SpscRing(const SpscRing&) = delete;
    SpscRing& operator=(const SpscRing&) = delete;

    /// Producer only. False when the ring is full; the pointer then stays with the caller.
    [[nodiscard]] bool push(T* pointer) {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - cached_head_ == slots_.size()) {
            // acquire: the consumer has read the slot before it is written again.
            cached_head_ = head_.load(std::memory_order_acquire);
            if (tail - cached_head_ == slots_.size()) return false;
        }
        slots_[tail & mask_] = pointer;
        // release: what the pointer leads to is complete before the consumer can see it.
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    /// Producer only. Whether the next `count` pointers would find room.
    [[nodiscard]] bool has_room(std::size_t count) {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail + count - cached_head_ <= slots_.size()) return true;
        // acquire: as in push().
        cached_head_ = head_.load(std::memory_order_acquire);
        return tail + count - cached_head_ <= slots_.size();
    }

    /// Consumer only. Null when the ring is empty.
    [[nodiscard]] T* pop() {
        const std::size_t head = head_.load(std::memory_order_relaxed);
        if (head == cached_tail_) {
            // acquire: pairs with the producer's release, so the pointee is complete.
            cached_tail_ = tail_.load(std::memory_order_acquire);
            if (head == cached_tail_) return nullptr;
        }
        T* pointer = slots_[head & mask_];
        // release: the slot has been read before the producer may overwrite it.
        head_.store(head + 1, std::memory_order_release);
        return pointer;
    }

    std::size_t capacity() const { return slots_.size(); }

  private:
    static constexpr std::size_t cache_line = 64;

    std::vector<T*> slots_;
    std::size_t mask_;
    // Each side keeps its own index and its last view of the other's on a line of its own: no false sharing.
    alignas(cache_line) std::atomic<std::size_t> tail_{0};  // producer: wo, consumer: ro
    std::size_t cached_head_ = 0;                           // producer only
    alignas(cache_line) std::atomic<std::size_t> head_{0};  // consumer: wo, producer: ro
    std::size_t cached_tail_ = 0;                           // consumer only
};

}  // namespace rstwatch::tally
