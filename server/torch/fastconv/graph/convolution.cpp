#include "convolution.h"

#include <algorithm>
#include <string>

#include <ATen/ops/zeros.h>

#include "nodes.h"

namespace fastconv::graph {
namespace {

using conv::Axis;
using conv::Geometry;
using conv::PaddingMode;
using torch::jit::Node;

bool is_weight(const c10::IValue &value, int64_t dimensions) {
  return value.isTensor() && value.toTensor().defined() && value.toTensor().dim() == dimensions &&
         value.toTensor().scalar_type() == at::kFloat && value.toTensor().is_cpu();
}

// Reads the convolution's own padding into `geometry`. Returns false if it isn't constant.
bool read_conv_padding(Node *node, Geometry &geometry) {
  const auto value = constant(node, "padding");
  if (value && value->isString()) {
    if (value->toStringRef() == "valid") {
      return true;
    }
    for (Axis *axis : {&geometry.rows, &geometry.columns}) {
      const int64_t total = axis->dilation * (axis->kernel - 1);
      axis->pad_before = total / 2;
      axis->pad_after = total - total / 2;
    }
    return value->toStringRef() == "same";
  }
  const auto padding = int_pair(node, "padding");
  if (!padding) {
    return false;
  }
  geometry.rows.pad_before = geometry.rows.pad_after = (*padding)[0];
  geometry.columns.pad_before = geometry.columns.pad_after = (*padding)[1];
  return true;
}

struct Padding {
  std::vector<int64_t> sizes; // left, right, top, bottom
  PaddingMode padding_mode;
};

// Returns nothing for nodes other than supported paddings.
std::optional<Padding> read_padding(Node *node) {
  PaddingMode padding_mode = PaddingMode::zeros;
  if (is(node, "aten::reflection_pad2d")) {
    padding_mode = PaddingMode::reflect;
  } else if (is(node, "aten::replication_pad2d")) {
    padding_mode = PaddingMode::replicate;
  } else if (is(node, "aten::pad") || is(node, "aten::constant_pad_nd")) {
    const auto mode = constant(node, "mode");
    const std::string name = mode && mode->isString() ? mode->toStringRef() : "constant";
    if (name == "reflect" || name == "replicate") {
      padding_mode = name == "reflect" ? PaddingMode::reflect : PaddingMode::replicate;
    } else {
      const auto value = constant(node, "value");
      const bool zero = value && (value->isNone() || (value->isScalar() && value->toScalar().equal(0)));
      if (name != "constant" || !zero) {
        return std::nullopt;
      }
    }
  } else {
    return std::nullopt;
  }
  const char *const argument_name =
      is(node, "aten::pad") || is(node, "aten::constant_pad_nd") ? "pad" : "padding";
  const auto list = constant(node, argument_name);
  if (!list || !list->isIntList()) {
    return std::nullopt;
  }
  std::vector<int64_t> sizes = list->toIntVector();
  if (sizes.size() == 2 && padding_mode == PaddingMode::zeros) {
    sizes.resize(4);
  }
  const bool shrinks = std::any_of(sizes.begin(), sizes.end(), [](int64_t size) { return size < 0; });
  return sizes.size() == 4 && !shrinks ? std::optional(Padding{sizes, padding_mode}) : std::nullopt;
}

// Adds a preceding padding to a convolution's geometry. Returns false if the two can't be expressed as one
// padding.
bool merge_padding(const Padding &padding, Geometry &geometry) {
  if (geometry.has_padding() && padding.padding_mode != PaddingMode::zeros) {
    return false;
  }
  geometry.columns.pad_before += padding.sizes[0];
  geometry.columns.pad_after += padding.sizes[1];
  geometry.rows.pad_before += padding.sizes[2];
  geometry.rows.pad_after += padding.sizes[3];
  geometry.padding_mode = padding.padding_mode;
  return true;
}

} // namespace

bool is_convolution(const Node *node) {
  return is(node, "aten::conv2d") || is(node, "aten::_convolution") || is(node, "aten::convolution") ||
         is(node, "aten::_convolution_mode") || is(node, "aten::conv_transpose2d");
}

ParsedConvolution parse_convolution(Node *node) {
  if (!is_convolution(node)) {
    return {};
  }
  const auto weight_value = constant(node, "weight"), bias_value = constant(node, "bias");
  const auto groups = constant(node, "groups");
  const auto stride = int_pair(node, "stride"), dilation = int_pair(node, "dilation");
  if (!weight_value || !is_weight(*weight_value, 4) || !bias_value || !groups || groups->toInt() != 1 ||
      !stride || !dilation || !(bias_value->isNone() || is_weight(*bias_value, 1))) {
    return {};
  }
  conv::TransposedParams transposed_params;
  transposed_params.transposed = is(node, "aten::conv_transpose2d");
  if (argument(node, "transposed") != nullptr) {
    const auto transposed = constant(node, "transposed");
    if (!transposed) {
      return {};
    }
    transposed_params.transposed = transposed->toBool();
  }
  if (transposed_params.transposed) {
    const auto output_padding = int_pair(node, "output_padding");
    if (!output_padding) {
      return {};
    }
    transposed_params.output_padding_rows = (*output_padding)[0];
    transposed_params.output_padding_columns = (*output_padding)[1];
  }

  const at::Tensor weight = weight_value->toTensor();
  Geometry geometry;
  geometry.rows = {weight.size(2), (*stride)[0], (*dilation)[0]};
  geometry.columns = {weight.size(3), (*stride)[1], (*dilation)[1]};
  if (!read_conv_padding(node, geometry)) {
    return {};
  }
  ParsedConvolution parsed;
  parsed.input = argument(node, "input");
  Node *const before = parsed.input->node();
  if (const auto padding = read_padding(before);
      padding && !transposed_params.transposed && merge_padding(*padding, geometry)) {
    parsed.merged_padding = true;
    parsed.input = before->input(0);
  }
  // libtorch's weights are [out, in, rows, columns], and [in, out, rows, columns] if transposed.
  const at::Tensor weights =
      transposed_params.transposed ? weight.permute({2, 3, 0, 1}) : weight.permute({2, 3, 1, 0});
  const at::Tensor bias =
      bias_value->isNone() ? at::zeros({weights.size(3)}, at::kFloat) : bias_value->toTensor().clone();
  parsed.layer = c10::make_intrusive<conv::Layer>(geometry, weights, bias, transposed_params);
  return parsed;
}

} // namespace fastconv::graph
