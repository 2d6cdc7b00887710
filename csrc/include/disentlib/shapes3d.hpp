// Casts rays at a room with one object on its floor, seen by a camera that circles the object.
// Hues only colour what is seen, so rays are cast once for each of the 480 combinations of size,
// shape and azimuth; an image is then a weighted sum of the colours of floor, wall, object and sky.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace disentlib {

constexpr std::size_t kRoomSide = 64;
constexpr std::size_t kRoomPixels = kRoomSide * kRoomSide;
constexpr std::size_t kHues = 10, kSizes = 8, kShapes = 4, kAzimuths = 15;

struct Vector {
  double x, y, z;
};
inline Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vector operator*(double s, Vector a) { return {s * a.x, s * a.y, s * a.z}; }
inline double dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

struct Hit {
  double distance;  // in lengths of the ray's direction
  Vector normal;
};

enum class Shape { kCube, kCylinder, kSphere, kCapsule };

// One object that stands on the floor y = 0 at the origin, and the room around it. The cube and
// the walls are turned by the azimuth against the camera, which looks along -z.
class Room {
 public:
  Room(std::size_t size, std::size_t shape, std::size_t azimuth)
      : shape_(static_cast<Shape>(shape)),
        size_(0.75 + 0.5 * static_cast<double>(size) / (kSizes - 1)) {
    const double degrees = -30 + 60 * static_cast<double>(azimuth) / (kAzimuths - 1);
    cosine_ = std::cos(degrees * std::acos(-1.0) / 180);
    sine_ = std::sin(degrees * std::acos(-1.0) / 180);
  }

  // What a ray from the camera sees: a surface, how bright it is, and how much sky it mirrors.
  enum Surface { kFloor, kWall, kObject, kSky };
  struct Sight {
    Surface surface;
    double bright, sky;
  };
  Sight look(double right, double down) const {
    const Vector camera{0, 1, 3.5}, ray{right, -down, -1.09};
    if (const auto hit = object(camera, ray)) {
      const double up = std::max(0.0, hit->normal.y), sky = 0.15 * up;
      const double front = std::max(0.0, dot(hit->normal, {-0.35, 0.3, 0.89}));
      return {kObject, std::min(1 - sky, 0.5 + 0.48 * front + 0.25 * up), sky};
    }

    // Where the ray leaves the square room; the walls' normals point inwards.
    const Vector from = turned(camera), along = turned(ray);
    const double half = 4.9, height = 2.77;
    const double to_x = (along.x > 0 ? half - from.x : -half - from.x) / along.x;
    const double to_z = (along.z > 0 ? half - from.z : -half - from.z) / along.z;
    const double to_wall = std::min(to_x, to_z);
    const double to_floor = down > 0 ? camera.y / down : to_wall + 1;
    if (to_floor < to_wall) {
      const Vector point = camera + to_floor * ray;
      const Vector lamp = point + Vector{3, 0, 1};  // the floor darkens away from it
      const double faded = std::clamp(1.3 - 0.0145 * dot(lamp, lamp), 0.4, 1.0);
      const Vector to_light{-0.24, 1, -0.13};
      return {kFloor, object(point + Vector{0, 1e-6, 0}, to_light) ? 0.33 * faded : faded, 0};
    }
    if (camera.y - to_wall * down > height) return {kSky, 1, 0};
    const Vector inwards = to_x < to_z ? Vector{along.x > 0 ? -1.0 : 1.0, 0, 0}
                                       : Vector{0, 0, along.z > 0 ? -1.0 : 1.0};
    const double front = std::max(0.0, dot(turned_back(inwards), {0.08, 0.3, 0.95}));
    return {kWall, std::min(1.0, 0.44 + 0.64 * front), 0};
  }

 private:
  Vector turned(Vector a) const {
    return {a.x * cosine_ + a.z * sine_, a.y, a.z * cosine_ - a.x * sine_};
  }
  Vector turned_back(Vector a) const {
    return {a.x * cosine_ - a.z * sine_, a.y, a.z * cosine_ + a.x * sine_};
  }

  // The nearest point in front where a ray meets the object.
  std::optional<Hit> object(Vector from, Vector along) const {
    switch (shape_) {
      case Shape::kCube: {
        auto hit = box(turned(from), turned(along), size_ / 2);
        if (hit) hit->normal = turned_back(hit->normal);
        return hit;
      }
      case Shape::kCylinder: {
        const double radius = 0.52 * size_, height = 1.04 * size_;
        return nearer(barrel(from, along, radius, 0, height), lid(from, along, radius, height));
      }
      case Shape::kSphere:
        return ball(from, along, 0.57 * size_, 0.57 * size_);
      default: {
        const double radius = 0.45 * size_, height = 1.8 * size_;
        return nearer(
            barrel(from, along, radius, radius, height - radius),
            nearer(ball(from, along, radius, radius), ball(from, along, radius, height - radius)));
      }
    }
  }

  static std::optional<Hit> nearer(std::optional<Hit> a, std::optional<Hit> b) {
    return !a || (b && b->distance < a->distance) ? b : a;
  }

  // A cube of half side `half` whose lower face lies on the floor.
  static std::optional<Hit> box(Vector from, Vector along, double half) {
    const std::array<double, 3> start{from.x, from.y - half, from.z};
    const std::array<double, 3> ray{along.x, along.y, along.z};
    double enter = 0, leave = 1e30;
    std::size_t face = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double one = (-half - start[axis]) / ray[axis],
                   other = (half - start[axis]) / ray[axis];
      if (std::min(one, other) > enter) {
        enter = std::min(one, other);
        face = axis;
      }
      leave = std::min(leave, std::max(one, other));
    }
    if (enter == 0 || enter > leave) return std::nullopt;
    std::array<double, 3> normal{0, 0, 0};
    normal[face] = ray[face] > 0 ? -1 : 1;
    return Hit{enter, {normal[0], normal[1], normal[2]}};
  }

  // The smaller root in front of a x^2 + 2 b x + c = 0.
  static std::optional<double> root(double a, double b, double c) {
    const double discriminant = b * b - a * c;
    if (discriminant < 0) return std::nullopt;
    const double distance = (-b - std::sqrt(discriminant)) / a;
    return distance > 0 ? std::optional<double>(distance) : std::nullopt;
  }

  static std::optional<Hit> ball(Vector from, Vector along, double radius, double height) {
    const Vector start{from.x, from.y - height, from.z};
    const auto distance =
        root(dot(along, along), dot(start, along), dot(start, start) - radius * radius);
    if (!distance) return std::nullopt;
    return Hit{*distance, (1 / radius) * (start + *distance * along)};
  }

  // An upright cylinder without ends, from height `low` to `high`.
  static std::optional<Hit> barrel(Vector from, Vector along, double radius, double low,
                                   double high) {
    const auto distance =
        root(along.x * along.x + along.z * along.z, from.x * along.x + from.z * along.z,
             from.x * from.x + from.z * from.z - radius * radius);
    if (!distance) return std::nullopt;
    const Vector point = from + *distance * along;
    if (point.y < low || point.y > high) return std::nullopt;
    return Hit{*distance, {point.x / radius, 0, point.z / radius}};
  }

  // The upper end of a cylinder.
  static std::optional<Hit> lid(Vector from, Vector along, double radius, double height) {
    const double distance = (height - from.y) / along.y;
    const Vector point = from + distance * along;
    if (!(distance > 0) || point.x * point.x + point.z * point.z > radius * radius) {
      return std::nullopt;
    }
    return Hit{distance, {0, along.y > 0 ? -1.0 : 1.0, 0}};
  }

  Shape shape_;
  double size_, cosine_, sine_;
};

// For every pixel, how much of each surface it shows, times its brightness, in 1/65535.
using RoomWeights = std::array<std::array<std::uint16_t, 4>, kRoomPixels>;

inline RoomWeights cast_rays(std::size_t size, std::size_t shape, std::size_t azimuth) {
  constexpr std::size_t kSamples = 4;  // a side of a pixel
  const Room room(size, shape, azimuth);
  RoomWeights weights{};
  for (std::size_t pixel = 0; pixel < kRoomPixels; ++pixel) {
    std::array<double, 4> seen{};
    for (std::size_t sample = 0; sample < kSamples * kSamples; ++sample) {
      const auto at = [](std::size_t whole, std::size_t part) {
        return (static_cast<double>(whole) + (static_cast<double>(part) + 0.5) / kSamples) /
                   kRoomSide -
               0.5;
      };
      const auto [surface, bright, sky] = room.look(at(pixel % kRoomSide, sample % kSamples),
                                                    at(pixel / kRoomSide, sample / kSamples));
      seen[surface] += bright / (kSamples * kSamples);
      seen[Room::kSky] += sky / (kSamples * kSamples);
    }
    for (std::size_t surface = 0; surface < 4; ++surface) {
      weights[pixel][surface] = static_cast<std::uint16_t>(65535 * seen[surface] + 0.5);
    }
  }
  return weights;
}

// The weights of one combination, cast when first asked for and kept: 32 KB each.
inline const RoomWeights& room_weights(std::size_t size, std::size_t shape, std::size_t azimuth) {
  static std::array<std::once_flag, kSizes * kShapes * kAzimuths> once;
  static std::array<std::unique_ptr<const RoomWeights>, kSizes * kShapes * kAzimuths> kept;
  const std::size_t index = (size * kShapes + shape) * kAzimuths + azimuth;
  std::call_once(once[index], [&] {
    kept[index] = std::make_unique<const RoomWeights>(cast_rays(size, shape, azimuth));
  });
  return *kept[index];
}

// The fully saturated colour of a hue, tenths around the circle from red.
inline std::array<std::uint32_t, 3> hue_colour(std::size_t hue) {
  std::array<std::uint32_t, 3> colour{};
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const double turn =
        std::fmod(static_cast<double>(hue) * 0.6 + 6 - 2.0 * static_cast<double>(channel), 6);
    const double level = std::clamp(std::max(2 - turn, turn - 4), 0.0, 1.0);
    colour[channel] = static_cast<std::uint32_t>(255 * level + 0.5);
  }
  return colour;
}

// Draws factors (floor hue, wall hue, object hue, size, shape, azimuth), all within their ranges,
// into kRoomPixels x 3 bytes.
inline void draw_room(const std::int64_t* factors, std::uint8_t* image) {
  const auto value = [&](std::size_t k) { return static_cast<std::size_t>(factors[k]); };
  const std::array<std::array<std::uint32_t, 3>, 4> colours{
      hue_colour(value(0)), hue_colour(value(1)), hue_colour(value(2)), {153, 226, 249}};
  for (const auto& weight : room_weights(value(3), value(4), value(5))) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      std::uint32_t sum = 1u << 15;
      for (std::size_t surface = 0; surface < 4; ++surface) {
        sum += weight[surface] * colours[surface][channel];
      }
      *image++ = static_cast<std::uint8_t>(sum >> 16);
    }
  }
}

}  // namespace disentlib
